import type { Connection, SseHubError } from "express-sse-hub";
import { EXPRESS_VERSIONS, Shop } from "../support/shop.js";

describe.each(EXPRESS_VERSIONS)("the user of a request on %s", (_version, express) => {
  /** What a handler sees of req.sse, for one user function. */
  async function ask(user: unknown, look: (req: Express.Request) => unknown) {
    const answers: unknown[] = [];
    const shop = await Shop.open({
      express,
      sse: { user: user as () => object },
      routes: (app) => {
        app.get("/look", async (req, res) => {
          try {
            answers.push(await look(req));
          } catch (error) {
            answers.push((error as SseHubError).code ?? (error as Error).message);
          }
          res.end();
        });
      },
    });
    await fetch(`${shop.url}/look`);
    return answers[0];
  }

  it("is what JSON keeps of it, frozen, whatever happens to the object later", async () => {
    const born = new Date(0);
    const user = { id: 1, born, roles: ["a"], secret: () => "x", gone: undefined };
    const seen = (await ask(
      () => user,
      (req) => req.sse.user,
    )) as { roles: string[] };
    user.roles.push("b");
    expect(seen).toEqual({ id: 1, born: "1970-01-01T00:00:00.000Z", roles: ["a"] });
    expect([Object.isFrozen(seen), Object.isFrozen(seen.roles)]).toEqual([true, true]);
  });

  it("is asked for once, and never when nobody wants to know", async () => {
    const user = jest.fn(() => ({ id: 1 }));
    await ask(user, async (req) => [req.sse.user, await req.sse.identify(), req.sse.user]);
    expect(user).toHaveBeenCalledTimes(1);
    await ask(user, () => 1);
    expect(user).toHaveBeenCalledTimes(1);
  });

  it("says so when it is read before it is known, and gives it after", async () => {
    const later = () => new Promise((resolve) => setImmediate(resolve, { id: 1 }));
    expect(await ask(later, (req) => req.sse.user)).toBe("ERR_SSE_USER_PENDING");
    const look = async (req: Express.Request) => [await req.sse.identify(), req.sse.user];
    expect(await ask(later, look)).toEqual([{ id: 1 }, { id: 1 }]);
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  it.each([
    ["a string", () => "alice", "ERR_SSE_USER"],
    ["an array", () => [1], "ERR_SSE_USER"],
    ["a function", () => () => 1, "ERR_SSE_USER"],
    ["BigInt inside", () => ({ id: 1n }), "ERR_SSE_USER"],
    ["a cycle", () => cycle, "ERR_SSE_USER"],
    ["a Set inside", () => ({ id: 1, roles: new Set(["admin"]) }), "ERR_SSE_USER"],
    ["a Map", () => new Map([["id", 1]]), "ERR_SSE_USER"],
    ["an Error", () => new Error("nobody"), "ERR_SSE_USER"],
    ["Headers inside", () => ({ id: 1, headers: new Headers() }), "ERR_SSE_USER"],
    ["an ArrayBuffer inside", () => ({ id: new ArrayBuffer(2) }), "ERR_SSE_USER"],
    ["more than 16 KiB", () => ({ text: "x".repeat(16_384) }), "ERR_SSE_USER"],
    ["a rejection with a wrong user", () => Promise.resolve(7), "ERR_SSE_USER"],
    [
      "an error of its own",
      () => {
        throw new Error("mine");
      },
      "mine",
    ],
    ["a rejection of its own", () => Promise.reject(new Error("mine")), "mine"],
  ])("refuses %s", async (_what, user, code) => {
    expect(await ask(user, (req) => req.sse.identify())).toBe(code);
  });

  it.each([[null], [undefined]])("is nobody for %j", async (user) => {
    expect(
      await ask(
        () => user,
        (req) => req.sse.identify(),
      ),
    ).toBeUndefined();
  });

  it("fails the request when the function throws at join, before anything is sent", async () => {
    const logged = jest.spyOn(console, "error").mockImplementation(() => undefined);
    const shop = await Shop.open({
      express,
      sse: {
        user: () => {
          throw new Error("mine");
        },
      },
    });
    const stream = await shop.attempt();
    await stream.closed;
    logged.mockRestore();
    expect([stream.status, shop.hub.size]).toEqual([500, 0]);
  });

  it("ends the stream with a word when the function rejects after join", async () => {
    const shop = await Shop.open({
      express,
      sse: { user: () => Promise.reject(new Error("mine")) },
    });
    const errors: SseHubError[] = [];
    shop.hub.on("error", (error) => errors.push(error));
    const stream = await shop.attempt();
    expect(await stream.closed).toBe("error");
    expect(errors.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([
      ["ERR_SSE_USER", "mine"],
    ]);
    expect(shop.hub.size).toBe(0);
  });

  it("is the session's, or passport's, where no function is given", async () => {
    const seen: unknown[] = [];
    const shop = await Shop.open({
      express,
      routes: (app) => {
        app.use((req, _res, next) => {
          if (req.headers["x-passport"] !== undefined) Object.assign(req, { user: { id: 2 } });
          next();
        });
        app.get("/who", (req, res) => {
          seen.push(req.sse.user);
          res.end();
        });
      },
    });
    const cookie = await shop.signIn({ id: 1 });
    await fetch(`${shop.url}/who`);
    await fetch(`${shop.url}/who`, { headers: { cookie } });
    await fetch(`${shop.url}/who`, { headers: { "X-Passport": "1" } });
    expect(seen).toEqual([undefined, { id: 1 }, { id: 2 }]);
  });

  it("stays that of the join for predicates and the connection", async () => {
    const shop = await Shop.open({ express });
    const stream = await shop.stream("/events", { cookie: await shop.signIn({ id: 1 }) });
    const [connection] = shop.hub.connections() as [Connection];
    expect(() => Object.assign(connection.user ?? {}, { id: 2 })).toThrow(TypeError);
    expect(connection.user).toEqual({ id: 1 });
    stream.close();
  });
});
