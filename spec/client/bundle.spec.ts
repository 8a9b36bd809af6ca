import { gzipSync } from "node:zlib";
import { CLIENT_BUNDLE } from "../../lib/express/client-bundle.js";

// It is 13 kB, 5 kB of them over the wire. A page pays for each of them before it hears anything.
const MAX_BYTES = 13_500;
const MAX_GZIPPED_BYTES = 5_000;

describe("the client as one file", () => {
  it("stays small", () => {
    const bytes = Buffer.byteLength(CLIENT_BUNDLE);
    const gzippedBytes = gzipSync(CLIENT_BUNDLE).length;
    expect([bytes < MAX_BYTES, gzippedBytes < MAX_GZIPPED_BYTES]).toEqual([true, true]);
  });

  it("imports nothing", () => {
    expect(CLIENT_BUNDLE).not.toMatch(/\bimport\b/);
  });
});
