import type { RequestListener } from "node:http";
import { isTimer, MILLISECONDS, optionReader } from "../options/option-reader.js";
import { CookieJar } from "./cookie-jar.js";
import { NoStreamError } from "./no-stream-error.js";
import { openStreamAt } from "./open-stream.js";
import { enterSite, type Site } from "./site.js";
import type { StreamReader } from "./stream-reader.js";
import {
  isHeaders,
  resolveStreamRequest,
  TIMEOUT_MS,
  type StreamRequest,
} from "./stream-request.js";

/** Options of {@link visit}. */
export interface VisitOptions {
  /** Sent with every request, such as `Authorization`, or `X-Forwarded-Proto` for secure cookies. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds to wait for an answer or an event. @default 5_000 */
  readonly timeoutMs?: number | undefined;
}

/** Visits an application like a browser with cookies of its own. */
export interface Visitor {
  /** The URL at which the application is served. */
  readonly url: string;
  /**
   * Sends a request with the visitor's cookies. Resolves with the `Response` of the global `fetch`, whatever its
   * status. Redirects are not followed, so that the cookies they set are kept.
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a POST: a `URLSearchParams` as a form, anything else as JSON. */
  post(path: string, body?: unknown): Promise<Response>;
  /**
   * Opens a stream with the visitor's cookies. Resolves when `hub:open` has arrived.
   *
   * @throws NoStreamError with `status` and `body` if the answer is not a stream, such as a guard's 401
   * @throws SseHubTypeError `ERR_SSE_OPTION`
   */
  stream(path: string, options?: StreamRequest): Promise<StreamReader>;
  /** Closes the visitor's streams, and the server with the last visitor of the application. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Visits an application as a browser does, with cookies, so that a test signs in as a user does. The visitors of one
 * application share a server on a free port, which closes with the last of them.
 *
 * @param target an application, or the URL of an application that is already served
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 *
 * @example
 * const alice = await visit(app);
 * await alice.post("/login", { login: "alice" });
 * const stream = await alice.stream("/events");
 * await hub.broadcast("order", { id: 1 }, { login: "alice" });
 * expect(await stream.nextJson("order")).toEqual({ id: 1 });
 * await alice.close();
 */
export async function visit(
  target: RequestListener | string,
  options: VisitOptions = {},
): Promise<Visitor> {
  const read = optionReader("visit", options, ["headers", "timeoutMs"]);
  const settings: VisitSettings = {
    headers: read("headers", "an object of headers and their values", isHeaders, {}),
    timeoutMs: read("timeoutMs", MILLISECONDS, isTimer, TIMEOUT_MS),
  };
  return new SiteVisitor(await enterSite(target), settings);
}

interface VisitSettings {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

class SiteVisitor implements Visitor {
  readonly url: string;
  readonly #site: Site;
  readonly #settings: VisitSettings;
  readonly #jar = new CookieJar();
  readonly #streams = new Set<StreamReader>();

  constructor(site: Site, settings: VisitSettings) {
    this.url = site.url;
    this.#site = site;
    this.#settings = settings;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(path, this.url);
    const headers = new Headers(this.#settings.headers);
    const cookie = this.#jar.headerFor(url.pathname);
    if (cookie !== undefined) headers.set("Cookie", cookie);
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      const what = `${init.method ?? "GET"} ${url.pathname}`;
      deadline.abort(new Error(`${what} was not answered in ${this.#settings.timeoutMs} ms.`));
    }, this.#settings.timeoutMs);
    try {
      const response = await fetch(url, {
        redirect: "manual",
        signal: deadline.signal,
        ...init,
        headers,
      });
      this.#jar.take(response.headers.getSetCookie(), url.pathname);
      return response;
    } finally {
      clearTimeout(timer);
    }
  }

  post(path: string, body?: unknown): Promise<Response> {
    if (body === undefined) return this.fetch(path, { method: "POST" });
    if (body instanceof URLSearchParams) return this.fetch(path, { method: "POST", body });
    return this.fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async stream(path: string, options: StreamRequest = {}): Promise<StreamReader> {
    const url = new URL(path, this.url);
    const { headers, timeoutMs } = this.#settings;
    const request = resolveStreamRequest("stream", {
      ...options,
      timeoutMs: options.timeoutMs ?? timeoutMs,
      cookie: options.cookie ?? this.#jar.headerFor(url.pathname),
      headers: { ...headers, ...options.headers },
    });
    try {
      const stream = await openStreamAt(url, request, {
        willClose: (client) => {
          this.#site.willClose(client);
        },
        reopen: (lastEventId) => this.stream(path, { ...options, lastEventId }),
      });
      this.#streams.add(stream);
      this.#takeCookies(stream.headers["set-cookie"], url);
      return stream;
    } catch (error) {
      if (error instanceof NoStreamError) this.#takeCookies(error.headers["set-cookie"], url);
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
    await this.#site.leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #takeCookies(headers: readonly string[] | undefined, url: URL): void {
    this.#jar.take(headers ?? [], url.pathname);
  }
}
