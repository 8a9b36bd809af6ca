/**
 * Every code that an error of this package can carry. Codes are API: they change only with a major
 * version. `lib/errors/README.md` explains each with what to do.
 */
export type SseHubErrorCode =
  | "ERR_SSE_OPTION"
  | "ERR_SSE_FIELD"
  | "ERR_SSE_DATA"
  | "ERR_SSE_FILTER"
  | "ERR_SSE_ROOM"
  | "ERR_SSE_USER"
  | "ERR_SSE_USER_PENDING"
  | "ERR_SSE_NO_SESSION"
  | "ERR_SSE_STORE"
  | "ERR_SSE_SOURCE"
  | "ERR_SSE_NOT_MOUNTED"
  | "ERR_SSE_HEADERS_SENT"
  | "ERR_SSE_ANSWERED"
  | "ERR_SSE_ENDED"
  | "ERR_SSE_CLOSED"
  | "ERR_SSE_LISTENER"
  | "ERR_SSE_LOG"
  | "ERR_SSE_LOG_ENTRY"
  | "ERR_SSE_OVERRUN"
  | "ERR_SSE_CONTROL_UNSENT"
  | "ERR_SSE_RUN_EXISTS"
  | "ERR_SSE_RUN_SIZE";

/**
 * Something failed at run time: a store, a predicate, a log, or a call on a closed hub. It rejects
 * a promise, aborts a connection's `signal` or is emitted as the hub's `error` event. `cause` holds the
 * original error, if there is one.
 */
export class SseHubError extends Error {
  override readonly name = "SseHubError";
  readonly code: SseHubErrorCode;
  /**
   * With `ERR_SSE_LOG`: what happened to an event that a shared log did not confirm in time. `not-sent`: the
   * event was not sent, and you can send it again. `unknown`: the log may have stored the event, so browsers
   * may receive it twice if you send it again.
   */
  readonly outcome?: "not-sent" | "unknown";

  constructor(
    code: SseHubErrorCode,
    message: string,
    options?: ErrorOptions & { readonly outcome?: "not-sent" | "unknown" },
  ) {
    super(message, options);
    this.code = code;
    if (options?.outcome !== undefined) this.outcome = options.outcome;
  }
}

/**
 * Misuse by the developer, thrown at the call: a field with a line break, an unknown option, a filter
 * that is neither a matcher nor a function. The message says what was given, what is expected and what to do.
 */
export class SseHubTypeError extends TypeError {
  override readonly name = "SseHubTypeError";
  readonly code: SseHubErrorCode;

  constructor(code: SseHubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Describes a value for an error message: short, and without the content of objects and arrays. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return `an object (${nameOf(value)})`;
  return String(value);
}

function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  return prototype?.constructor?.name ?? "no prototype";
}
