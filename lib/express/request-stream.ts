import type { IncomingMessage, ServerResponse } from "node:http";
import type { AdmissionRequest } from "../admission/admission-request.js";
import type { Connection } from "../connection/connection.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import { checkRooms } from "../connection/rooms.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { isBehindStream, isGone, isPipelined, Transport } from "../connection/transport.js";
import type { HubCore } from "../hub/hub-core.js";
import { isFinalId } from "../log/cursor.js";
import { resolveJoinOptions, type JoinOptions } from "./join-options.js";
import type { SseRequest } from "./sse-request.js";
import type { SseSettings } from "./sse-options.js";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import type { SessionLink } from "../user/session-link.js";
import type { User } from "../user/user.js";
import { linkSession, markOf, storeOf } from "./session-link.js";
import { watchEnd, type AnsweredStreams } from "./answered-streams.js";
import { addressOf, asksForStream, hasBody } from "./request-facts.js";
import { allowOrigin, checkOrigin } from "./origin.js";
import { isLoaded, saveOwnChanges, snapshotOf, unwrapEnd } from "./session-write.js";
import { catchStreamErrors } from "./stream-errors.js";
import { writeStreamHead } from "./stream-head.js";
import { Tag } from "./tag-request.js";

/** What `sse()` puts on a request. */
export class RequestStream implements SseRequest {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #hub: HubCore;
  readonly #settings: SseSettings;
  readonly #answered: AnsweredStreams;
  readonly #tag: Tag;
  #sessionBefore: string | undefined;
  #mark: string | undefined;
  #connection: StreamConnection | undefined;
  #call: "join" | "open" | undefined;

  constructor(
    req: IncomingMessage & Express.Request,
    res: ServerResponse,
    hub: HubCore,
    settings: SseSettings,
    answered: AnsweredStreams,
  ) {
    this.#req = req;
    this.#res = res;
    this.#hub = hub;
    this.#settings = settings;
    this.#answered = answered;
    this.#tag = new Tag(req, settings.user, hub);
    this.#observe();
    this.#sessionBefore = snapshotOf(req);
  }

  get user(): User | undefined {
    this.#look();
    return this.#tag.user;
  }

  async identify(): Promise<User | undefined> {
    this.#look();
    return this.#tag.identify();
  }

  get lastEventId(): string | undefined {
    const header = this.#req.headers["last-event-id"];
    if (typeof header === "string" && header !== "") return header;
    return this.#queried("lastEventId");
  }

  get connectionId(): string | undefined {
    const header = this.#req.headers["sse-connection"];
    return typeof header === "string" && header !== "" ? header : undefined;
  }

  join(...args: readonly string[] | [JoinOptions]): Connection {
    const options = args.length === 1 && typeof args[0] === "object" ? args[0] : { rooms: args };
    const { rooms, first } = resolveJoinOptions(options as JoinOptions);
    checkRooms(rooms);
    this.#checkKind("join");
    if (this.#connection?.hasEnded === false) this.#connection.joinAll(rooms);
    this.#connection ??= this.#open({ rooms, first, isOwn: false });
    return this.#connection;
  }

  open(): Connection {
    this.#checkKind("open");
    this.#connection ??= this.#open({ rooms: [], first: null, isOwn: true });
    return this.#connection;
  }

  /** Tells the application of trouble, and the browser to ask again. */
  putOff(error: SseHubError): StreamConnection {
    this.#hub.report(error);
    return this.#refuse(error.code === "ERR_SSE_STORE" ? "store" : "error");
  }

  // A stream that ends at once is the only refusal EventSource survives.
  #refuse(reason: RefusalReason): StreamConnection {
    const transport = new Transport(this.#res);
    // A guard may come after somebody has answered.
    if (this.#res.headersSent) return this.#hub.admission.turnAway(transport);
    allowOrigin(this.#req, this.#res, this.#settings.allowedOrigins);
    writeStreamHead(this.#res);
    unwrapEnd(this.#res);
    const { lastEventId } = this;
    return this.#hub.admission.refuse(
      { transport, isOwn: this.#call === "open", lastEventId },
      reason,
    );
  }

  /** True when the browser comes back after the end of its stream, which it is not to do. */
  get isFinished(): boolean {
    const { lastEventId } = this;
    if (lastEventId === undefined) return false;
    const { sessionID: sessionId = "" } = this.#req as { sessionID?: string };
    return isFinalId(lastEventId) || this.#hub.sessionMonitor.isStopped(sessionId);
  }

  /** Answers 204, which is how EventSource is told to stop. */
  stop(transport = new Transport(this.#res)): StreamConnection {
    // Somebody may have answered already.
    if (this.#res.headersSent) return this.#hub.admission.turnAway(transport);
    unwrapEnd(this.#res);
    allowOrigin(this.#req, this.#res, this.#settings.allowedOrigins);
    this.#res.writeHead(204);
    this.#res.end();
    this.#hub.admission.refusals.note("stopped");
    return this.#hub.admission.turnAway(transport);
  }

  /** Ends the stream, if there is one, after an error of the application. */
  fail(error: unknown): void {
    const isAnswer = (error as { code?: unknown } | null)?.code === "ERR_HTTP_HEADERS_SENT";
    if (isAnswer && this.#connection?.hasEnded === false) this.#answered.note(this.#req);
    this.#connection?.finish("error");
  }

  /** The response has been ended: by the application, where the stream has not. */
  onResponseEnd(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.hasEnded || connection.transport.isReleased) return;
    this.#answered.note(this.#req);
  }

  /** True when somebody asked for a stream, so that an error status would end their EventSource. */
  get wantsStream(): boolean {
    return asksForStream(this.#req);
  }

  /** @throws SseHubTypeError `ERR_SSE_NO_SESSION` */
  checkSessions(what: string): void {
    this.#hub.requirement.check(what);
  }

  // Where sse() comes before session(), the store is seen here for the first time.
  #observe(): void {
    const store = storeOf(this.#req);
    if (store === undefined) return;
    this.#hub.requirement.noteSession();
    this.#hub.sessionMonitor.observe(store);
  }

  #queried(name: string): string | undefined {
    const query = this.#req.url?.split("?", 2)[1] ?? "";
    if (!query.includes(name)) return undefined;
    return new URLSearchParams(query).get(name) ?? undefined;
  }

  #checkKind(call: "join" | "open"): void {
    this.#call ??= call;
    if (this.#call === call) return;
    throw new SseHubTypeError(
      "ERR_SSE_HEADERS_SENT",
      `req.sse.${call}() was called after req.sse.${this.#call}(). Expected one of the two: a request ` +
        "is a stream of the hub, or a stream of its own.",
    );
  }

  // The tag is of the moment at which it is first asked for, whatever becomes of the session in this
  // request; so what the user depends on counts as it was then.
  #look(): void {
    this.#observe();
    this.#mark ??= markOf(this.#req, this.#settings.watch);
  }

  #link(): SessionLink | null {
    const { watch } = this.#settings;
    return linkSession(this.#req, watch, this.#mark, this.#hub.sessionMonitor.label);
  }

  #open(wish: Pick<AdmissionRequest, "rooms" | "first" | "isOwn">): StreamConnection {
    if (this.#res.headersSent) throw headersSent();
    const transport = new Transport(this.#res);
    if (isPipelined(this.#res) && !isBehindStream(this.#req)) return this.#refuse("pipelined");
    if (isGone(this.#res)) return this.#hub.admission.turnAway(transport);
    if (this.isFinished) return this.stop(transport);
    this.#look();
    let user: ReturnType<Tag["identify"]>;
    try {
      user = this.#tag.identify();
    } catch (error) {
      if (!(error instanceof SseHubError)) throw error;
      return this.putOff(error);
    }
    checkOrigin(this.#req, this.#res, this.#settings.allowedOrigins, this.#hub.admission.refusals);
    // Before the head, at which express-session prolongs what it has in memory, not what is stored.
    const loaded = isLoaded(this.#req) ? this.#link() : null;
    writeStreamHead(this.#res);
    unwrapEnd(this.#res);
    if (this.#req.method === "HEAD") {
      this.#res.end();
      return this.#hub.admission.turnAway(transport);
    }
    // A body that nobody reads would stop the socket's reading, and with it the news of its end.
    if (this.#req.method === "GET" && hasBody(this.#req)) this.#req.resume();
    catchStreamErrors(this.#req);
    watchEnd(this.#res);
    const whenReady = saveOwnChanges(this.#req, this.#res, this.#sessionBefore);
    // Not kept for the hours of the stream.
    this.#sessionBefore = undefined;
    return this.#hub.admission.accept({
      ...wish,
      transport,
      lastEventId: this.lastEventId,
      wantsTick: this.#queried("tick") === "live",
      user,
      askedAt: this.#tag.askedAt,
      addressOf: () => addressOf(this.#req),
      // A session that is in no store, and will be in none, has nothing to be watched.
      session: loaded ?? (whenReady === null ? null : this.#link()),
      whenReady,
    });
  }
}

function headersSent(): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_HEADERS_SENT",
    "req.sse.join() was called after the response had begun. Expected a response that nobody has " +
      "answered yet: join first, and leave res alone after it.",
  );
}
