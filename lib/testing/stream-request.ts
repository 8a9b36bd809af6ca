import { request, type IncomingMessage } from "node:http";
import { request as requestSecurely } from "node:https";
import { isObject, isTimer, optionReader, MILLISECONDS } from "../options/option-reader.js";

/** The request of a stream, besides its path. */
export interface StreamRequest {
  /** The `Cookie` header, `name=value; …`. @default the cookies of the visitor */
  readonly cookie?: string | undefined;
  /** The cursor to reconnect with, from {@link StreamReader.lastEventId}; `undefined`: a first visit. */
  readonly lastEventId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** @default "GET" */
  readonly method?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds to wait for the answer, and later for each event. @default 5_000 */
  readonly timeoutMs?: number | undefined;
}

/** {@link StreamRequest} with every default filled in. */
export interface StreamSettings {
  readonly headers: Readonly<Record<string, string>>;
  readonly method: string;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

/** The default timeout. */
export const TIMEOUT_MS = 5_000;

const KEYS = ["cookie", "lastEventId", "headers", "method", "body", "timeoutMs"];

/**
 * Checks a request and fills in its defaults.
 *
 * @param owner the name of the call, for messages
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function resolveStreamRequest(owner: string, options: StreamRequest): StreamSettings {
  const read = optionReader(owner, options, KEYS);
  const cookie = read("cookie", "a Cookie header, name=value", isText);
  const lastEventId = read("lastEventId", "the lastEventId of a stream", isText);
  const { body } = options;
  return {
    headers: {
      Accept: "text/event-stream",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(cookie === undefined ? {} : { Cookie: cookie }),
      ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
      ...read("headers", "an object of headers and their values", isHeaders, {}),
    },
    method: read("method", "a method, such as GET", isText, "GET"),
    body: body === undefined ? undefined : JSON.stringify(body),
    timeoutMs: read("timeoutMs", MILLISECONDS, isTimer, TIMEOUT_MS),
  };
}

/** Sends the request on a connection of its own, as EventSource does. Resolves with the answer, whatever it is. */
export function requestStream(url: URL, settings: StreamSettings): Promise<IncomingMessage> {
  const { headers, method, body, timeoutMs } = settings;
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestSecurely : request;
    const req = send(url, { agent: false, method, headers });
    const timer = setTimeout(() => {
      req.destroy(new Error(`${method} ${url.pathname} was not answered in ${timeoutMs} ms.`));
    }, timeoutMs);
    req.once("close", () => {
      clearTimeout(timer);
    });
    req.once("error", reject).once("response", (response) => {
      clearTimeout(timer);
      response.socket.unref();
      resolve(response);
    });
    req.end(body);
  });
}

export function isHeaders(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((field) => typeof field === "string");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
