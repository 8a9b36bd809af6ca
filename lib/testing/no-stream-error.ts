import { STATUS_CODES, type IncomingHttpHeaders } from "node:http";

/** An answer that is not a stream: a guard's 401, a 404, or a refusal by the hub. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The part of the body that arrived in time. */
  readonly body: string;
}

/**
 * The answer to a request for a stream was not a stream. A `status` of 200 means that the stream ended before
 * `hub:open`: the hub has refused it for now, and EventSource would ask again later.
 */
export class NoStreamError extends Error implements Refusal {
  override readonly name = "NoStreamError";
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;

  constructor(request: string, { status, headers, body }: Refusal) {
    const text = body === "" ? "an empty body" : JSON.stringify(body.slice(0, 500));
    const what = status === 200 ? "no stream that stayed open" : "no stream";
    super(`${request} returned ${what}: ${status} ${STATUS_CODES[status] ?? ""}, ${text}.`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
