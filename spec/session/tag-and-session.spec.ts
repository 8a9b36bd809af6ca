import type { Express, Request } from "express";
import { requireUser, type SseHubError } from "express-sse-hub";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";
import { sessionIdOf } from "../support/session-id.js";

const ADMIN = { login: "alice", profile: "Administrator" };
const VIEWER = { login: "alice", profile: "Viewer" };

function demotion(app: Express): void {
  app.post("/demote", (req, res) => {
    Object.assign(req.session, { user: VIEWER });
    res.sendStatus(204);
  });
}

async function post(shop: Shop, path: string, cookie: string): Promise<void> {
  await supertest(shop.url).post(path).set("Cookie", cookie).expect(204);
}

/** A promise to be settled by the test, in the middle of a handler. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("the session behind a stream", () => {
  const spellings: Array<[string, (cookie: string) => string]> = [
    ["as it was set", (cookie) => cookie],
    ["with everything decoded", decodeURIComponent],
    [
      "with letters in code",
      (cookie) => {
        const [name, value = ""] = cookie.split("=", 2);
        const hex = [...Buffer.from(decodeURIComponent(value))].map((byte) => byte.toString(16));
        return `${name}=${hex.map((code) => `%${code}`).join("")}`;
      },
    ],
  ];

  it.each(spellings)("is watched when the browser spells its cookie %s", async (_how, spell) => {
    const shop = await Shop.open({ routes: demotion });
    const cookie = await shop.signIn(ADMIN);
    const stream = await shop.stream("/events", { cookie: spell(cookie) });

    await post(shop, "/demote", cookie);

    expect(await stream.closed).toBe("user");
  });

  it("gives its streams one user object between them, and others another one", async () => {
    const requests: Request[] = [];
    const routes = (app: Express) => {
      app.get("/kept", (req) => {
        requests.push(req);
        req.sse.join();
      });
    };
    const shop = await Shop.open({ routes });
    const [cookie, other] = [await shop.signIn(ADMIN), await shop.signIn(ADMIN)];
    for (const each of [cookie, cookie, other]) await shop.stream("/kept", { cookie: each });
    const users = [...shop.hub.connections()].map(({ user }) => user);
    const [one, two, three] = users;
    expect([one, two, three]).toEqual([ADMIN, ADMIN, ADMIN]);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
    // Otherwise the request would keep an object of its own in memory.
    for (const [at, { sse }] of requests.entries()) {
      expect(sse.user).toBe(users[at]);
      expect(await sse.identify()).toBe(users[at]);
    }
  });

  it("is not written back by a stream that spells its cookie in code", async () => {
    const shop = await Shop.open({ routes: demotion, session: { rolling: true } });
    const cookie = await shop.signIn(ADMIN);
    const [name, id] = [cookie.split("=", 1).join(), sessionIdOf(cookie)];
    const coded = cookie.replace(id, `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`);
    const written: string[] = [];
    const { store } = shop;
    const set = store.set.bind(store);
    store.set = (sid, data, done) => {
      written.push(sid);
      set(sid, data, done);
    };

    await shop.stream("/events", { cookie: coded });

    expect(coded).not.toBe(cookie);
    expect(coded.startsWith(`${name}=s%3A`)).toBe(true);
    expect(written).toEqual([]);
  });

  it("counts as it was when the user was asked for, not as the handler loads it anew", async () => {
    const [guarded, demoted] = [gate(), gate()];
    const shop = await Shop.open({
      routes: (app) => {
        demotion(app);
        app.get("/reloads", requireUser(ADMIN), (req, _res, next) => {
          guarded.open();
          void demoted.opened.then(() => {
            req.session.reload((error: unknown) => {
              if (error == null) req.sse.join();
              else next(error);
            });
          });
        });
      },
    });
    const cookie = await shop.signIn(ADMIN);

    const attempt = shop.attempt("/reloads", { cookie });
    await guarded.opened;
    await post(shop, "/demote", cookie);
    demoted.open();

    expect(await (await attempt).closed).toBe("user");
  });

  it("ends a stream whose session was changed while the handler was at work", async () => {
    const [begun, demoted] = [gate(), gate()];
    const shop = await Shop.open({
      routes: (app) => {
        demotion(app);
        app.get("/slow", requireUser(ADMIN), (req) => {
          begun.open();
          void demoted.opened.then(() => req.sse.join("admins"));
        });
      },
    });
    const cookie = await shop.signIn(ADMIN);

    const attempt = shop.attempt("/slow", { cookie });
    await begun.opened;
    await post(shop, "/demote", cookie);
    demoted.open();
    const stream = await attempt;
    await shop.hub.to("admins").broadcast("message", "secret");

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
  });
});

describe("a watch function", () => {
  it("that throws answers the request with an error, before anything is sent", async () => {
    silence();
    const watch = () => {
      throw new Error("mine");
    };
    const shop = await Shop.open({ sse: { watch } });
    const cookie = await shop.signIn(ADMIN);

    await supertest(shop.url).get("/events").set("Cookie", cookie).expect(500);

    expect(shop.hub.size).toBe(0);
  });

  it("that gives a promise is refused, since no change would ever be seen", async () => {
    const thrown = catchErrors();
    const shop = await Shop.open({
      sse: { watch: () => Promise.resolve(1) },
      routes: thrown.before,
    });
    thrown.after(shop.app);
    const cookie = await shop.signIn(ADMIN);

    await supertest(shop.url).get("/events").set("Cookie", cookie).expect(500);

    expect(thrown.errors).toEqual([
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message:
          "The watch function of sse() returned a promise. Expected a value of the session, such as session.userId. " +
          "If the user also depends on data elsewhere, call hub.refresh() when these data change.",
      }),
    ]);
  });

  it.each(["end", "keep"] as const)(
    "that throws for what the session has become ends its streams, also where onStoreError is %s",
    async (onStoreError) => {
      const errors: SseHubError[] = [];
      const watch = (session: object) => (session as { user: { login: string } }).user.login;
      const shop = await Shop.open({ sse: { watch }, hub: { revalidateMs: 50, onStoreError } });
      shop.hub.on("error", (error) => errors.push(error));
      const cookie = await shop.signIn(ADMIN);
      const stream = await shop.stream("/events", { cookie });

      changeBehind(shop, cookie, (stored) => ({ ...stored, user: undefined }));

      expect(await stream.closed).toBe("user");
      expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_USER"]);
    },
  );
});

/** Changes what is stored, past the methods of the store. */
function changeBehind(shop: Shop, cookie: string, change: (stored: object) => object): void {
  const { sessions } = shop.store as unknown as { sessions: Record<string, string> };
  const id = sessionIdOf(cookie);
  sessions[id] = JSON.stringify(change(JSON.parse(String(sessions[id])) as object));
}

function catchErrors() {
  const errors: unknown[] = [];
  return {
    errors,
    before: (() => undefined) as NonNullable<ShopOptions["routes"]>,
    after: (app: Express) => {
      app.use(
        (
          error: unknown,
          _req: unknown,
          res: { status: (code: number) => { end: () => void } },
          _next: unknown,
        ) => {
          errors.push(error);
          res.status(500).end();
        },
      );
    },
  };
}

function silence(): void {
  const logged = jest.spyOn(console, "error").mockImplementation(() => undefined);
  onTestEnd(() => {
    logged.mockRestore();
  });
}

it("ends the streams of a session that is stored with another user while it is being opened", async () => {
  const told = gate();
  const shop = await Shop.open({
    sse: {
      user: async (req) => {
        const { user } = req.session as unknown as { user?: object };
        await told.opened;
        return user;
      },
    },
    routes: demotion,
  });
  const cookie = await shop.signIn(ADMIN);
  const stream = await shop.attempt("/events", { cookie });
  await until(() => shop.hub.size === 1, "it is registered");

  await post(shop, "/demote", cookie);
  told.open();

  expect(await stream.closed).toBe("user");
});
