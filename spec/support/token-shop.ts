import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener } from "node:http";
import express5 from "express";
import {
  createHub,
  requireUser,
  sse,
  type Hub,
  type HubOptions,
  type SseOptions,
} from "express-sse-hub";
import { onTestEnd } from "./disposers.js";
import { openStream, type StreamReader, type StreamRequest } from "./open-stream.js";
import { serve } from "./serve.js";

export interface TokenShopOptions {
  express?: typeof express5;
  hub?: HubOptions;
  sse?: Partial<SseOptions>;
  /** Adds middleware in front of everything, `sse()` included. */
  before?: (app: express5.Express) => void;
  /** Adds routes of the test's own. */
  routes?: (app: express5.Express, hub: Hub) => void;
}

/** A value that stands for a user, another one at each call, as tokens and encrypted cookies are. */
export function tokenOf(user: object): string {
  return Buffer.from(JSON.stringify({ ...user, nonce: randomUUID() })).toString("base64url");
}

/** Who a request with the cookie `token` belongs to. */
export function userOf({ headers }: IncomingMessage): object | null {
  const [, token] = /(?:^|; )token=([^;]+)/.exec(headers.cookie ?? "") ?? [];
  return token === undefined ? null : userOfToken(token);
}

export function userOfToken(token: string): object {
  const { nonce: _nonce, ...user } = JSON.parse(
    Buffer.from(token, "base64url").toString(),
  ) as Record<string, unknown>;
  return user;
}

/** An application whose users live in a cookie and in no store. Each route sets the cookie as it is asked to. */
export class TokenShop {
  readonly hub: Hub;
  readonly url: string;

  private constructor(hub: Hub, url: string) {
    this.hub = hub;
    this.url = url;
  }

  static async open(options: TokenShopOptions = {}): Promise<TokenShop> {
    const hub = createHub(options.hub);
    const app = (options.express ?? express5)();
    app.set("env", "test");
    options.before?.(app);
    app.use(sse({ hub, user: userOf, credential: "token", ...options.sse }));
    app.use(express5.json());
    options.routes?.(app, hub);
    app.post("/set", (req, res) => {
      res.setHeader("Set-Cookie", (req.body as { cookie: string }).cookie);
      res.sendStatus(204);
    });
    app.get("/nothing", (_req, res) => {
      res.send("nothing");
    });
    app.get("/private", requireUser(), (req) => {
      req.sse.join();
    });
    app.get("/events", (req) => {
      req.sse.join();
    });
    const { url } = await serve(app as RequestListener);
    onTestEnd(() => hub.close());
    return new TokenShop(hub, url);
  }

  /** Opens a stream that is told `hub:open` when this resolves. */
  async stream(
    token: string,
    request: StreamRequest & { path?: string } = {},
  ): Promise<StreamReader> {
    const reader = await this.attempt(token, request);
    await reader.opened();
    return reader;
  }

  async attempt(
    token: string,
    { path = "/events", ...request }: StreamRequest & { path?: string } = {},
  ): Promise<StreamReader> {
    const reader = await openStream(this.url, path, { cookie: `token=${token}`, ...request });
    onTestEnd(() => {
      reader.close();
    });
    return reader;
  }

  /** Asks a route that answers 204, with a cookie if there is one. */
  async post(path: string, token: string | null, body: object = {}): Promise<void> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token === null ? {} : { Cookie: `other=1; token=${token}` }),
      },
      body: JSON.stringify(body),
    });
    if (response.status !== 204) throw new Error(`${path} was answered ${response.status}.`);
  }

  /** Has a request with this token answered with this header. */
  set(token: string | null, cookie: string): Promise<void> {
    return this.post("/set", token, { cookie });
  }
}
