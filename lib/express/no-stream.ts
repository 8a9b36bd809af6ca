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

/** What a request for a stream is answered that gets none. */
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

  /** Gives an ended connection for a request that somebody has answered, or whose browser has gone. */
  turnAway(): StreamConnection {
    return this.#admission.turnAway(new Transport(this.#res));
  }

  /** A stream that ends at once: the only refusal that EventSource survives. */
  refuse(asking: Omit<RefusableRequest, "transport">, reason: RefusalReason): StreamConnection {
    // A guard may come after somebody has answered.
    if (this.#res.headersSent) return this.turnAway();
    const transport = new Transport(this.#res);
    allowOrigin(this.#req, this.#res, this.#origins);
    writeStreamHead(this.#res);
    unwrapEnd(this.#res);
    return this.#admission.refuse({ transport, ...asking }, reason);
  }

  /** 204, which is how EventSource is told to stop. */
  stop(): StreamConnection {
    // Somebody may have answered already.
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
