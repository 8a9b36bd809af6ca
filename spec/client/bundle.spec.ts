import { gzipSync } from "node:zlib";
import { CLIENT_BUNDLE, SHARED_BUNDLE } from "../../lib/express/client-bundle.js";

// A page pays for each of them before it hears anything.
const MAX_GZIPPED_BYTES = 5_000;
// What only tabs that share a connection load.
const MAX_SHARED_GZIPPED_BYTES = 2_100;

describe("the client as one file", () => {
  it("stays small", () => {
    expect(gzipSync(CLIENT_BUNDLE).length).toBeLessThan(MAX_GZIPPED_BYTES);
    expect(gzipSync(SHARED_BUNDLE).length).toBeLessThan(MAX_SHARED_GZIPPED_BYTES);
  });

  it("imports nothing but, when tabs share a connection, the part for that", () => {
    expect(CLIENT_BUNDLE.match(/\bimport\b.{0,23}/g)).toEqual(['import("./client-shared.js").']);
    expect(SHARED_BUNDLE).not.toMatch(/\bimport\b/);
  });
});
