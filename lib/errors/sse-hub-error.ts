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
 * Trouble at run time: a store that fails, a predicate that throws, a hub that has closed. It rejects
 * a promise, aborts a connection's `signal` or arrives as the hub's `error` event. `cause` holds the
 * error underneath, if there is one.
 */
export class SseHubError extends Error {
  override readonly name = "SseHubError";
  readonly code: SseHubErrorCode;
  /**
   * What became of an event that a shared log has not taken in time (`ERR_SSE_LOG`). `not-sent`: nobody
   * gets it, so it may be sent again. `unknown`: it may have been taken, so sent again it may come twice.
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
 * that cannot be one. The message says what was given, what is expected and what to do.
 */
export class SseHubTypeError extends TypeError {
  override readonly name = "SseHubTypeError";
  readonly code: SseHubErrorCode;

  constructor(code: SseHubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What was given, short enough for a message and without the content of larger values. */
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
