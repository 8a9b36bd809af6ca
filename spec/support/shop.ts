import type { RequestListener, Server } from "node:http";
import express5 from "express";
import {
  createHub,
  requireUser,
  sse,
  type Hub,
  type HubOptions,
  type SseOptions,
} from "express-sse-hub";
import session, { MemoryStore, type SessionOptions } from "express-session";
import express4 from "express4";
import supertest from "supertest";
import { onTestEnd } from "./disposers.js";
import { openStream, type StreamReader, type StreamRequest } from "./open-stream.js";
import { serve } from "./serve.js";

export { until } from "./until.js";

/** The versions of Express a user may have. The types are those of 5, which the calls here share. */
export const EXPRESS_VERSIONS: Array<[version: string, express: typeof express5]> = [
  ["Express 4", express4 as unknown as typeof express5],
  ["Express 5", express5],
];

/**
 * `stallMs` where one reader stalls and others read megabytes. The kernel takes no more before a third
 * of its buffer is free again, and repeats what it dropped after 200 ms at the earliest: on a busy
 * machine a reader that reads all the time may take nothing for so long.
 */
export const STALL_MS = 2_000;

export interface ShopOptions {
  express?: typeof express5;
  hub?: HubOptions;
  sse?: Partial<SseOptions>;
  session?: Partial<SessionOptions>;
  /** Adds middleware in front of everything, sessions and `sse()` included. */
  before?: (app: express5.Express) => void;
  /** Adds routes or middleware of the test's own, before the shop's routes. */
  routes?: (app: express5.Express, hub: Hub) => void;
}

/** A small application with logins and a stream, as a user of the package would write it. */
export class Shop {
  readonly hub: Hub;
  readonly app: express5.Express;
  readonly store: MemoryStore;
  readonly url: string;
  readonly server: Server;

  private constructor(
    hub: Hub,
    app: express5.Express,
    store: MemoryStore,
    served: { url: string; server: Server },
  ) {
    this.hub = hub;
    this.app = app;
    this.store = store;
    this.url = served.url;
    this.server = served.server;
  }

  static async open(options: ShopOptions = {}): Promise<Shop> {
    const hub = createHub(options.hub);
    const store = new MemoryStore();
    const app = (options.express ?? express5)();
    options.before?.(app);
    app.use(
      session({
        secret: "spec",
        resave: false,
        saveUninitialized: false,
        store,
        ...options.session,
      }),
    );
    app.use(sse({ hub, ...options.sse }));
    app.use(express5.json());
    options.routes?.(app, hub);
    app.post("/login", (req, res, next) => {
      req.session.regenerate((error) => {
        Object.assign(req.session, { user: req.body as object });
        if (error) next(error);
        else res.sendStatus(204);
      });
    });
    app.post("/logout", (req, res, next) => {
      req.session.destroy((error) => {
        if (error) next(error);
        else res.sendStatus(204);
      });
    });
    app.get("/events", (req) => {
      req.sse.join();
    });
    app.get("/rooms/:room", (req) => {
      req.sse.join(req.params.room);
    });
    app.get("/private", requireUser(), (req) => {
      req.sse.join();
    });
    const served = await serve(app as RequestListener);
    onTestEnd(() => hub.close());
    return new Shop(hub, app, store, served);
  }

  /** Signs in, and gives the cookie. */
  async signIn(user: object): Promise<string> {
    const res = await supertest(this.url).post("/login").send(user).expect(204);
    return cookieOf(res.get("Set-Cookie"));
  }

  /** Opens a stream that is told `hub:open` when this resolves, and closes it with the test. */
  async stream(path = "/events", request?: StreamRequest): Promise<StreamReader> {
    const reader = await this.attempt(path, request);
    await reader.opened();
    return reader;
  }

  /** Opens a stream, whatever comes of it. */
  async attempt(path = "/events", request?: StreamRequest): Promise<StreamReader> {
    const reader = await openStream(this.url, path, request);
    onTestEnd(() => {
      reader.close();
    });
    return reader;
  }

  /** What the store holds, by session id. */
  get stored(): Record<string, unknown> {
    const { sessions } = this.store as unknown as { sessions: Record<string, string> };
    return Object.fromEntries(
      Object.entries(sessions).map(([id, json]) => [id, JSON.parse(json) as unknown]),
    );
  }
}

/** The cookie to send back, of the header that set it. */
export function cookieOf(header: string[] | undefined): string {
  return String(header?.[0]).split(";", 1).join();
}
