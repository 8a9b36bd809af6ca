import { Deferred } from "../../lib/async/deferred.js";
import type { SseOptions } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { openStream, type StreamReader } from "../support/open-stream.js";
import { until } from "../support/shop.js";
import { TokenShop, tokenOf, userOf, userOfToken } from "../support/token-shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Administrator" };
const GONE = "token=; Path=/; Max-Age=0";

/** An application whose token is in the cookie of that name, and in its chunks. */
function openShop(name: string): Promise<TokenShop> {
  const user: SseOptions["user"] = ({ headers }) => {
    const pairs = (headers.cookie ?? "").split("; ").map((pair) => pair.split("="));
    const chunks = pairs.filter(([key = ""]) => key === name || key.startsWith(`${name}.`));
    const token = chunks.map(([, value]) => value).join("");
    return token === "" ? null : userOfToken(token);
  };
  return TokenShop.open({
    sse: { user, credential: name },
    routes: (app) =>
      app.post("/cookies", (req, res) => {
        res.setHeader("Set-Cookie", (req.body as { cookies: string[] }).cookies);
        res.sendStatus(204);
      }),
  });
}

async function open(shop: TokenShop, cookie: string): Promise<StreamReader> {
  const stream = await openStream(shop.url, "/events", { cookie });
  onTestEnd(() => {
    stream.close();
  });
  await stream.opened();
  return stream;
}

async function answerWith(shop: TokenShop, cookie: string, cookies: string[]): Promise<void> {
  const { status } = await fetch(`${shop.url}/cookies`, {
    method: "POST",
    headers: { "Content-Type": "application/json", cookie },
    body: JSON.stringify({ cookies }),
  });
  expect(status).toBe(204);
}

describe("a header Set-Cookie is read as a browser reads it:", () => {
  const next = () => tokenOf(ALICE);

  // What it comes to, for a stream that was opened with another value for the same user.
  it.each<[string, "goes on" | "ends", () => string[]]>([
    ["cleared, then set", "goes on", () => [GONE, `token=${next()}; Path=/`]],
    ["set, then cleared", "ends", () => [`token=${next()}; Path=/`, GONE]],
    [
      "set twice, the last for nobody else",
      "goes on",
      () => [`token=${tokenOf(BOB)}`, `token=${next()}`],
    ],
    ["set twice, the last for another", "ends", () => [`token=${next()}`, `token=${tokenOf(BOB)}`]],
    [
      "a time that is over, and Max-Age, which counts",
      "goes on",
      () => [`token=${next()}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60`],
    ],
    ["names of attributes in capitals", "ends", () => [`token=${next()}; MAX-AGE=0; PATH=/`]],
    ["blanks around everything", "ends", () => [` token = ${next()} ; max-age = 0 `]],
    [
      "a date with hyphens",
      "ends",
      () => [`token=${next()}; expires=Thu, 01-Jan-1970 00:00:00 GMT`],
    ],
    [
      "two Max-Age, of which the last counts",
      "goes on",
      () => [`token=${next()}; Max-Age=0; Max-Age=9`],
    ],
    ["a Max-Age that is none", "goes on", () => [`token=${next()}; Max-Age=0x; Max-Age=`]],
    ["a date that is none", "goes on", () => [`token=${next()}; Expires=never`]],
    ["a date that is a number", "goes on", () => [`token=${next()}; Expires=0`]],
    ["another name in capitals", "goes on", () => ["TOKEN=; Max-Age=0"]],
    [
      "another name that begins like it",
      "goes on",
      () => ["token2=; Max-Age=0", "token.x=; Max-Age=0"],
    ],
    // Nobody can tell whether this cookie is the one that the request has brought.
    [
      "another path and domain",
      "ends",
      () => ["token=; Path=/admin; Domain=example.com; Max-Age=0"],
    ],
  ])("%s: the stream %s", async (_what, outcome, cookies) => {
    const shop = await openShop("token");
    const cookie = `token=${tokenOf(ALICE)}`;
    const stream = await open(shop, cookie);

    await answerWith(shop, cookie, cookies());
    await shop.hub.broadcast("message", "for alice", ALICE);

    const first = await stream.nextData().catch(() => stream.closed);
    expect(first).toEqual(outcome === "goes on" ? ["for alice"] : "user");
    expect(stream.pending).toEqual([]);
  });
});

it.each(["__Host-token", "__Secure-token"])("a name with a prefix is a name: %s", async (name) => {
  const shop = await openShop(name);
  const [token, rolled] = [tokenOf(ALICE), tokenOf(ALICE)];
  const stream = await open(shop, `${name}=${token}`);

  await answerWith(shop, `${name}=${token}`, [`${name}=${rolled}; Path=/; Secure; HttpOnly`]);
  await answerWith(shop, `token=${token}`, [GONE]);
  await shop.hub.broadcast("message", "for alice", ALICE);
  expect(await stream.nextData()).toEqual(["for alice"]);
  await answerWith(shop, `${name}=${rolled}`, [`${name}=; Path=/; Secure; Max-Age=0`]);
  await shop.hub.broadcast("message", "secret", ALICE);

  expect([await stream.closed, stream.pending]).toEqual(["user", []]);
});

describe("a cookie in chunks", () => {
  const inChunks = (token: string, count: number) => {
    const size = Math.ceil(token.length / count);
    return Array.from(
      { length: count },
      (_, n) => `app.${n}=${token.slice(n * size, (n + 1) * size)}`,
    );
  };

  it("may have fewer than before, and more again", async () => {
    const shop = await openShop("app");
    const [three, one, two] = [
      inChunks(tokenOf(ALICE), 3),
      inChunks(tokenOf(ALICE), 1),
      inChunks(tokenOf(ALICE), 2),
    ];
    const stream = await open(shop, three.join("; "));

    await answerWith(shop, three.join("; "), [...one, "app.1=; Max-Age=0", "app.2=; Max-Age=0"]);
    await answerWith(shop, one.join("; "), two);
    const beside = await open(shop, two.join("; "));
    await shop.hub.broadcast("message", "for alice", ALICE);
    expect([await stream.nextData(), await beside.nextData()]).toEqual([
      ["for alice"],
      ["for alice"],
    ]);
    await answerWith(shop, two.join("; "), ["app.0=; Max-Age=0", "app.1=; Max-Age=0"]);

    expect([await stream.closed, await beside.closed]).toEqual(["user", "user"]);
  });

  it("may become one cookie without a number", async () => {
    const shop = await openShop("app");
    const [chunks, whole] = [inChunks(tokenOf(ALICE), 2), `app=${tokenOf(ALICE)}`];
    const stream = await open(shop, chunks.join("; "));

    await answerWith(shop, chunks.join("; "), ["app.0=; Max-Age=0", "app.1=; Max-Age=0", whole]);
    await shop.hub.broadcast("message", "for alice", ALICE);
    expect(await stream.nextData()).toEqual(["for alice"]);
    await answerWith(shop, whole, ["app=; Max-Age=0"]);

    expect(await stream.closed).toBe("user");
  });
});

describe("a credential that is changed", () => {
  it("and cleared while the user of the new value is not known yet: its streams end for good", async () => {
    const gate: { isShut?: Deferred<undefined> } = {};
    const user: SseOptions["user"] = async (req) => {
      await gate.isShut?.promise;
      return userOf(req);
    };
    const shop = await TokenShop.open({ sse: { user } });
    const [token, rolled] = [tokenOf(ALICE), tokenOf(ALICE)];
    const streams = [await shop.stream(token), await shop.stream(token)];
    gate.isShut = new Deferred();

    await shop.set(token, `token=${rolled}`);
    await shop.hub.broadcast("message", "before the logout", ALICE);
    await shop.set(rolled, GONE);
    gate.isShut.resolve(undefined);
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(["user", "user"]);
    const told = streams.flatMap(({ pending }) => pending.map(({ data }) => data));
    expect(told).not.toContain("secret");
    const late = await Promise.all([shop.attempt(token), shop.attempt(rolled)]);
    expect(await Promise.all(late.map(({ closed }) => closed))).toEqual(["user", "user"]);
  });

  it("in a response that is lost on the way: the browser may come with the old value", async () => {
    const shop = await TokenShop.open({
      routes: (app) =>
        app.get("/lost", (_req, res) => {
          res.cookie("token", tokenOf(ALICE)).flushHeaders();
          setImmediate(() => res.destroy());
        }),
    });
    const token = tokenOf(ALICE);
    const stream = await shop.stream(token);
    const lost = fetch(`${shop.url}/lost`, { headers: { cookie: `token=${token}` } });
    await expect(lost.then((response) => response.text())).rejects.toThrow();

    const again = await shop.stream(token);
    await shop.hub.broadcast("message", "for alice", ALICE);
    expect([await stream.nextData(), await again.nextData()]).toEqual([
      ["for alice"],
      ["for alice"],
    ]);
    await shop.set(token, GONE);

    expect([await stream.closed, await again.closed]).toEqual(["user", "user"]);
  });

  it("by many responses at once, some of which sign out: nobody is left", async () => {
    const shop = await TokenShop.open();
    const token = tokenOf(ALICE);
    const streams = [await shop.stream(token), await shop.stream(token)];

    const rolls = Array.from({ length: 20 }, () => shop.set(token, `token=${tokenOf(ALICE)}`));
    await Promise.all([...rolls, shop.set(token, GONE)]);
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(["user", "user"]);
    expect(streams.flatMap(({ pending }) => pending)).toEqual([]);
    await until(() => shop.hub.size === 0, "nobody is left");
  });

  it("by the response of a stream, which clears it: that stream is told nothing", async () => {
    const shop = await TokenShop.open({
      routes: (app) =>
        app.get("/farewell", (req, res) => {
          res.clearCookie("token");
          req.sse.join();
        }),
    });
    const token = tokenOf(ALICE);
    const [stream, own] = [
      await shop.stream(token),
      await shop.attempt(token, { path: "/farewell" }),
    ];

    await shop.hub.broadcast("message", "secret", ALICE);

    expect([await stream.closed, await own.closed]).toEqual(["user", "user"]);
    expect([...stream.pending, ...own.pending]).toEqual([]);
  });
});
