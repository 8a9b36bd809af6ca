import supertest from "supertest";
import { EXPRESS_VERSIONS, Shop } from "../support/shop.js";

interface Asked {
  readonly headers: Record<string, string>;
  /** What the application sets as `trust proxy`. */
  readonly trust?: unknown;
}

const FORWARDED = { Host: "127.0.0.1:3001", Origin: "https://shop.example" };
const BEHIND_PROXY = { ...FORWARDED, "X-Forwarded-Host": "shop.example" };

const OWN: Array<[what: string, asked: Asked]> = [
  [
    "the default port of HTTPS is written out",
    { headers: { Host: "shop.example:443", Origin: "https://shop.example" } },
  ],
  [
    "the default port of HTTP is written out",
    { headers: { Host: "shop.example:80", Origin: "http://shop.example" } },
  ],
  [
    "the host is in capitals",
    { headers: { Host: "SHOP.Example:8080", Origin: "http://shop.example:8080" } },
  ],
  [
    "the host is an IPv6 address",
    { headers: { Host: "[0:0:0:0:0:0:0:1]:3000", Origin: "http://[::1]:3000" } },
  ],
  [
    "nothing tells that browsers come by HTTPS",
    { headers: { Host: "shop.example", Origin: "https://shop.example" } },
  ],
  ["a trusted proxy tells the host", { headers: BEHIND_PROXY, trust: "loopback" }],
  [
    "a trusted proxy tells host and scheme",
    { headers: { ...BEHIND_PROXY, "X-Forwarded-Proto": "https" }, trust: 1 },
  ],
  [
    "two trusted proxies tell the host",
    {
      headers: { ...FORWARDED, "X-Forwarded-Host": "shop.example, inner.example" },
      trust: true,
    },
  ],
  [
    "a trusted proxy tells the port beside a host without one",
    {
      headers: {
        Host: "shop.example",
        Origin: "https://shop.example:8443",
        "X-Forwarded-Port": "8443",
      },
      trust: true,
    },
  ],
  [
    "a trusted proxy tells the port at which it is reached itself, behind another",
    {
      headers: { Host: "shop.example", Origin: "https://shop.example", "X-Forwarded-Port": "80" },
      trust: true,
    },
  ],
];

const OTHER: Array<[what: string, asked: Asked]> = [
  ["nobody is trusted to tell the host", { headers: BEHIND_PROXY }],
  ["somebody else is trusted to tell the host", { headers: BEHIND_PROXY, trust: "10.0.0.1" }],
  [
    "a trusted proxy tells another host",
    {
      headers: {
        Host: "shop.example",
        Origin: "https://shop.example",
        "X-Forwarded-Host": "b.example",
      },
      trust: true,
    },
  ],
  [
    "a trusted proxy tells another scheme",
    {
      headers: {
        Host: "shop.example",
        Origin: "http://shop.example",
        "X-Forwarded-Proto": "https",
      },
      trust: true,
    },
  ],
  [
    "the port is another",
    { headers: { Host: "shop.example", Origin: "http://shop.example:8080" } },
  ],
  [
    "nobody is trusted to tell the port",
    {
      headers: {
        Host: "shop.example",
        Origin: "http://shop.example:8080",
        "X-Forwarded-Port": "8080",
      },
    },
  ],
  [
    "the host only begins like it",
    { headers: { Host: "shop.example", Origin: "https://shop.example.evil.example" } },
  ],
  [
    "the host only ends like it",
    { headers: { Host: "shop.example", Origin: "https://evil-shop.example" } },
  ],
  [
    "the page is of an app that has the name of the host",
    { headers: { Host: "shop.example", Origin: "capacitor://shop.example" } },
  ],
  [
    "the host is none",
    { headers: { Host: "evil.example@shop.example", Origin: "https://shop.example" } },
  ],
];

describe.each(EXPRESS_VERSIONS)(
  "an older browser's page, which names its origin, on %s",
  (_version, express) => {
    const ask = async ({ headers, trust }: Asked) => {
      const shop = await Shop.open({
        express,
        before: (app) => {
          if (trust !== undefined) app.set("trust proxy", trust);
        },
        routes: (app) => {
          app.post("/answer", (req) => {
            req.sse.open().end();
          });
        },
      });
      const { status } = await supertest(shop.url).post("/answer").set(headers);
      return status;
    };

    it.each(OWN)("may read its own server's stream though %s", async (_what, asked) => {
      expect(await ask(asked)).toBe(200);
    });

    it.each(OTHER)("may not read a stream where %s", async (_what, asked) => {
      expect(await ask(asked)).toBe(403);
    });
  },
);

const REFUSALS: Array<[what: string, asked: Asked, message: string]> = [
  [
    "what was compared, and what a proxy has to send",
    { headers: FORWARDED },
    'A page of "https://shop.example" may not read the stream: the origin of this server is "127.0.0.1:3001" (from Host). ' +
      "If there is a proxy in front of the server, let it send X-Forwarded-Host and X-Forwarded-Proto and set " +
      '"trust proxy" of Express, or let it leave Host alone. Name other origins in allowedOrigins of sse().',
  ],
  [
    "that nobody is trusted to tell the host",
    { headers: BEHIND_PROXY },
    'A page of "https://shop.example" may not read the stream: the origin of this server is "127.0.0.1:3001" (from Host). ' +
      'X-Forwarded-Host is "shop.example", but it counts only if "trust proxy" of Express covers the proxy. ' +
      "Name other origins in allowedOrigins of sse().",
  ],
  [
    "what a trusted proxy told",
    {
      headers: { ...BEHIND_PROXY, "X-Forwarded-Host": "b.example", "X-Forwarded-Proto": "https" },
      trust: true,
    },
    'A page of "https://shop.example" may not read the stream: the origin of this server is "https://b.example" ' +
      "(from X-Forwarded-Host, X-Forwarded-Proto). If there is a proxy in front of the server, let it send " +
      'X-Forwarded-Host and X-Forwarded-Proto and set "trust proxy" of Express, or let it leave Host alone. ' +
      "Name other origins in allowedOrigins of sse().",
  ],
  [
    "what the browser said",
    { headers: { Origin: "https://b.example", "Sec-Fetch-Site": "cross-site" } },
    'A page of "https://b.example" may not read the stream: its browser sent Sec-Fetch-Site: cross-site. ' +
      "Name other origins in allowedOrigins of sse().",
  ],
  [
    "that no origin was named",
    { headers: { "Sec-Fetch-Site": "cross-site" } },
    "A page without an Origin header may not read the stream: its browser sent Sec-Fetch-Site: cross-site. " +
      'Open the stream with EventSource, or with fetch() in the mode "cors".',
  ],
  [
    "that a sandboxed page cannot be allowed",
    { headers: { Origin: "null" } },
    'A page of "null" may not read the stream: this is the origin of every sandboxed page ' +
      "and every local file. Serve the page from an origin of its own, and name that in allowedOrigins of sse().",
  ],
];

describe("the refusal of a page of another origin", () => {
  it.each(REFUSALS)("says %s", async (_what, { headers, trust }, message) => {
    const shop = await Shop.open({
      before: (app) => {
        if (trust !== undefined) app.set("trust proxy", trust);
      },
    });
    shop.app.use(((error: Error & { status: number }, _req, res, _next) => {
      res.status(error.status).send(error.message);
    }) as import("express").ErrorRequestHandler);
    const answer = await supertest(shop.url).get("/events").set(headers);
    expect([answer.status, answer.text]).toEqual([403, message]);
  });
});
