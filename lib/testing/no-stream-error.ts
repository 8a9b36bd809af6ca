import { STATUS_CODES, type IncomingHttpHeaders } from "node:http";

/** An answer that is no stream: a guard's 401, a 404, or a hub that put the browser off. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What came, as far as it came in time. */
  readonly body: string;
}

/**
 * Rejects where a stream was asked for and something else was answered. A `status` of 200 means that
 * the browser was put off: the stream ended before `hub:open`, and EventSource would ask again.
 */
export class NoStreamError extends Error implements Refusal {
  override readonly name = "NoStreamError";
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;

  constructor(request: string, { status, headers, body }: Refusal) {
    const said = body === "" ? "an empty body" : JSON.stringify(body.slice(0, 500));
    const what = status === 200 ? "no stream that stayed open" : "no stream";
    super(`${request} gave ${what}: ${status} ${STATUS_CODES[status] ?? ""}, ${said}.`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
