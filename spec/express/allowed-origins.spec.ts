import { createHub, sse } from "express-sse-hub";

const AS_SENT =
  "as browsers send it: lower case, no default port, and nothing after the host and port";

const REFUSED: Array<[entry: unknown, reason: string]> = [
  ["https://app.example.com/", `Expected "https://app.example.com", ${AS_SENT}.`],
  ["https://App.Example.com", `Expected "https://app.example.com", ${AS_SENT}.`],
  ["HTTPS://app.example.com", `Expected "https://app.example.com", ${AS_SENT}.`],
  ["https://app.example.com:443", `Expected "https://app.example.com", ${AS_SENT}.`],
  ["https://app.example.com/shop?a#b", `Expected "https://app.example.com", ${AS_SENT}.`],
  ["https://bücher.example", `Expected "https://xn--bcher-kva.example", ${AS_SENT}.`],
  ["capacitor://localhost/", `Expected "capacitor://localhost", ${AS_SENT}.`],
  ["Capacitor://localhost", `Expected "capacitor://localhost", ${AS_SENT}.`],
  ["*", "Wildcards are not supported: name each origin."],
  ["https://*.example.com", "Wildcards are not supported: name each origin."],
  ["capacitor://*", "Wildcards are not supported: name each origin."],
  [
    "null",
    'Every sandboxed page and every local file has the origin "null", so allowing it would allow every site. Serve the page from an origin of its own.',
  ],
  [
    "file:///index.html",
    'For pages with file:, browsers send the origin "null", as for every sandboxed page. Serve the page from an origin of its own.',
  ],
  ["app.example.com", "Expected a scheme, a host and perhaps a port: scheme://host:port."],
  ["localhost:3000", "Expected a scheme, a host and perhaps a port: scheme://host:port."],
  ["capacitor://", "Expected a scheme, a host and perhaps a port: scheme://host:port."],
  ["https://exa mple.com", "Expected a scheme, a host and perhaps a port: scheme://host:port."],
  ["app://a@b", "Expected a scheme, a host and perhaps a port: scheme://host:port."],
  ["", "Expected a scheme, a host and perhaps a port: scheme://host:port."],
  [7, "Expected a scheme, a host and perhaps a port: scheme://host:port."],
];

describe("allowedOrigins", () => {
  it.each(REFUSED)("refuses %p, and says why", (entry, reason) => {
    const allowedOrigins = ["https://fine.example.com", entry as string];
    const given = typeof entry === "string" ? JSON.stringify(entry) : String(entry);
    expect(() => sse({ hub: createHub(), allowedOrigins })).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message: `The option allowedOrigins of sse() names ${given}. ${reason}`,
      }),
    );
  });

  it("refuses what is no array", () => {
    const allowedOrigins = "https://app.example.com" as unknown as string[];
    expect(() => sse({ hub: createHub(), allowedOrigins })).toThrow(
      'The option allowedOrigins of sse() is "https://app.example.com". Expected an array such as ["https://example.com"].',
    );
  });
});
