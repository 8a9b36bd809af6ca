import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission } from "../admission/admission.js";
import type { RefusableRequest } from "../admission/admission-request.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { Transport } from "../connection/transport.js";
import { allowOrigin } from "./origin.js";
import { unwrapEnd } from "./session-write.js";
import type { SseSettings } from "./sse-options.js";
import { writeStreamHead } from "./stream-head.js";

/** The answers to a request that gets no stream of events. */
export class NoStream {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #admission: Admission;
  readonly #origins: SseSettings["allowedOrigins"];

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    admission: Admission,
    { allowedOrigins }: SseSettings,
  ) {
    this.#req = req;
    this.#res = res;
    this.#admission = admission;
    this.#origins = allowedOrigins;
  }

  /** Returns an ended connection, for a request that was answered already, or whose browser has left. */
  turnAway(): StreamConnection {
    return this.#admission.turnAway(new Transport(this.#res));
  }

  /** Answers with a stream that ends at once: the only refusal after which EventSource reconnects. */
  refuse(asking: Omit<RefusableRequest, "transport">, reason: RefusalReason): StreamConnection {
    // requireUser() may run after the application has answered the request.
    if (this.#res.headersSent) return this.turnAway();
    const transport = new Transport(this.#res);
    allowOrigin(this.#req, this.#res, this.#origins);
    writeStreamHead(this.#res);
    unwrapEnd(this.#res);
    return this.#admission.refuse({ transport, ...asking }, reason);
  }

  /** Answers 204, after which EventSource does not reconnect. */
  stop(): StreamConnection {
    // The application may have answered already.
    if (this.#res.headersSent) return this.turnAway();
    const transport = new Transport(this.#res);
    unwrapEnd(this.#res);
    allowOrigin(this.#req, this.#res, this.#origins);
    this.#res.writeHead(204);
    this.#res.end();
    this.#admission.refusals.note("stopped");
    return this.#admission.turnAway(transport);
  }
}
