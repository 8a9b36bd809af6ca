import type { IncomingMessage, ServerResponse } from "node:http";
import createError from "http-errors";
import type { AdmissionRequest } from "../admission/admission-request.js";
import { asksForStream } from "../connection/asks-for-stream.js";
import type { Connection } from "../connection/connection.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import { checkRooms } from "../connection/rooms.js";
import { StreamConnection } from "../connection/stream-connection.js";
import { isBehindStream, isGone, isPipelined, Transport } from "../connection/transport.js";
import type { HubCore } from "../hub/hub-core.js";
import { isFinalId } from "../log/cursor.js";
import { Follower } from "../run/follower.js";
import type { RunForm } from "../run/run-record.js";
import { resolveFollow, type FollowOptions } from "./follow-options.js";
import { resolveJoinOptions, type JoinOptions } from "./join-options.js";
import type { SseRequest } from "./sse-request.js";
import type { SseSettings } from "./sse-options.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { User } from "../user/user.js";
import { watchEnd, type AnsweredStreams } from "./answered-streams.js";
import { findRun, type FoundForUser } from "./find-run.js";
import { passOn } from "./pass-on.js";
import { addressOf, connectionIdOf, hasBody, lastEventIdOf, queryOf } from "./request-facts.js";
import { both } from "../async/both.js";
import { NoStream } from "./no-stream.js";
import { checkOrigin } from "./origin.js";
import { unwrapEnd } from "./session-write.js";
import { calledTwice, followsAnother, headersSent, type StreamCall } from "./stream-call.js";
import { RequestSession } from "./request-session.js";
import { RequestCredential } from "./request-credential.js";
import type { HeadListener } from "./response-head.js";
import { catchStreamErrors } from "./stream-errors.js";
import { writeStreamHead } from "./stream-head.js";
import { Tag, type SessionRequest } from "./tag-request.js";

type StreamWish = Pick<AdmissionRequest, "rooms" | "first" | "isOwn" | "isRaw" | "feed">;

/** The object that `sse()` puts on a request as `req.sse`. */
export class RequestStream implements SseRequest {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #hub: HubCore;
  readonly #settings: SseSettings;
  readonly #answered: AnsweredStreams;
  // `null` once the connection has the user: connections of one session share it.
  #tag: Tag | null;
  readonly #credential: RequestCredential;
  readonly #receivedAt = Date.now();
  readonly #generation: number;
  // The `req.sse` of another `sse()` that the request has passed, perhaps of another copy of this package.
  readonly #outer: HeadListener | undefined;
  // `null` once the stream has begun, to save memory.
  #session: RequestSession | null;
  #connection: StreamConnection | undefined;
  #followed: string | undefined;
  #following: Promise<Connection | null> | undefined;
  #call: StreamCall | undefined;
  #form: RunForm = "hub";

  constructor(
    req: SessionRequest,
    res: ServerResponse,
    hub: HubCore,
    settings: SseSettings,
    answered: AnsweredStreams,
  ) {
    this.#outer = (req as { readonly sse?: HeadListener }).sse;
    this.#req = req;
    this.#res = res;
    this.#hub = hub;
    this.#settings = settings;
    this.#answered = answered;
    this.#generation = hub.generation;
    this.#tag = new Tag(req, settings.user, hub);
    this.#credential = new RequestCredential(req, res, hub, settings);
    this.#session = new RequestSession(req, hub, settings);
  }

  get user(): User | undefined {
    this.#session?.look();
    return this.#tag === null ? this.#connection?.user : this.#tag.user;
  }

  async identify(): Promise<User | undefined> {
    return this.#ask();
  }

  #ask(): ReturnType<Tag["identify"]> {
    this.#session?.look();
    return this.#tag === null ? this.#connection?.user : this.#tag.identify();
  }

  get lastEventId(): string | undefined {
    return lastEventIdOf(this.#req);
  }

  get connectionId(): string | undefined {
    return connectionIdOf(this.#req);
  }

  join(...args: readonly string[] | [JoinOptions]): Connection {
    const options = args.length === 1 && typeof args[0] === "object" ? args[0] : { rooms: args };
    const { rooms, first } = resolveJoinOptions(options as JoinOptions);
    checkRooms(rooms);
    this.#checkKind("join");
    if (this.#connection?.hasEnded === false) this.#connection.joinAll(rooms);
    this.#connection ??= this.#open({ rooms, first, isOwn: false, feed: null });
    return this.#connection;
  }

  open(): StreamConnection {
    this.#checkKind("open");
    this.#connection ??= this.#open(OWN);
    return this.#connection;
  }

  // Not async: misuse throws at the call.
  follow(id: string, options: FollowOptions = {}): Promise<Connection | null> {
    this.#checkKind("follow");
    const form = resolveFollow(id, options);
    this.#followed ??= id;
    if (this.#followed !== id) throw followsAnother(this.#followed, id);
    this.#form = form;
    this.#following ??= this.#follow(id);
    return this.#following;
  }

  #follow(id: string): Promise<Connection | null> {
    if (this.#answerEarly() !== null) return NO_STREAM;
    const user = this.#identify();
    if (user instanceof StreamConnection) return NO_STREAM;
    const found = findRun(this.#hub.runs, id, user);
    // At once if possible: when the head is sent, no other handler answers the request.
    if (!(found instanceof Promise)) return Promise.resolve(this.#followFound(found));
    return found.then((run) => this.#followFound(run)).catch(this.#failLate);
  }

  readonly #failLate = (cause: unknown): null => {
    if (cause instanceof SseHubError) this.putOff(cause);
    else passOn(this.#req, this.#res, cause);
    return null;
  };

  #followFound(found: FoundForUser | null): Connection | null {
    // The application may have answered meanwhile, or the browser may have left.
    if (this.#res.headersSent || isGone(this.#res)) return null;
    if (found === null) {
      passOn(this.#req, this.#res, createError(404, "There is no such run."));
      return null;
    }
    const feed = new Follower(found.run, this.#form, this.#hub.stalls);
    this.#connection = this.#admit({ ...OWN, feed, isRaw: this.#form === "raw" }, found.user);
    return this.#connection.hasEnded ? null : this.#connection;
  }

  /** Reports the error to the application, and answers so that the browser reconnects later. */
  putOff(error: SseHubError): StreamConnection {
    this.#hub.report(error);
    return this.#refuse(error.code === "ERR_SSE_STORE" ? "store" : "error");
  }

  #refuse(reason: RefusalReason): StreamConnection {
    const isOwn = (this.#call ?? "join") !== "join";
    const asking = { isOwn, isRaw: this.#form === "raw", lastEventId: this.lastEventId };
    return this.#noStream.refuse(asking, reason);
  }

  /** True if the browser reconnects although its stream has ended for good. */
  get isFinished(): boolean {
    const { lastEventId } = this;
    if (lastEventId === undefined) return false;
    const { sessionID: sessionId = "" } = this.#req as { sessionID?: string };
    if (isFinalId(lastEventId) || this.#hub.sessionMonitor.isStopped(sessionId)) return true;
    return this.#credential.isStopped;
  }

  /** Answers 204, after which EventSource does not reconnect. */
  stop(): StreamConnection {
    return this.#noStream.stop();
  }

  /** Ends the stream, if there is one, after an error of the application. */
  fail(error: unknown): void {
    const isAnswer = (error as { code?: unknown } | null)?.code === "ERR_HTTP_HEADERS_SENT";
    if (isAnswer && this.#connection?.hasEnded === false) this.#answered.note(this.#req);
    this.#connection?.finish("error");
  }

  /** Call it when the response has been ended. If the stream has not ended it, the application has. */
  onResponseEnd(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.hasEnded || connection.transport.isReleased) return;
    this.#answered.note(this.#req);
  }

  /** Call it when the head of the response is fixed and sets these cookies. */
  onHead(setCookies: readonly string[]): void {
    this.#outer?.onHead?.(setCookies);
    this.#credential.onHead(setCookies);
  }

  // Made when it is needed, to save memory.
  get #noStream(): NoStream {
    return new NoStream(this.#req, this.#res, this.#hub.admission, this.#settings);
  }

  /** True if the request asks for a stream: after an error status, EventSource would not reconnect. */
  get wantsStream(): boolean {
    return asksForStream(this.#req);
  }

  /** @throws SseHubTypeError `ERR_SSE_NO_SESSION` */
  checkSessions(what: string): void {
    this.#hub.requirement.check(what);
  }

  #checkKind(call: StreamCall): void {
    this.#call ??= call;
    if (this.#call === call) return;
    throw calledTwice(this.#call, call);
  }

  #open(wish: StreamWish): StreamConnection {
    const early = this.#answerEarly();
    if (early !== null) return early;
    const user = this.#identify();
    return user instanceof StreamConnection ? user : this.#admit(wish, user);
  }

  // Answers a request that cannot become a stream.
  #answerEarly(): StreamConnection | null {
    if (this.#res.headersSent) throw headersSent(this.#call as StreamCall);
    if (isPipelined(this.#res) && !isBehindStream(this.#req)) return this.#refuse("pipelined");
    if (isGone(this.#res)) return this.#noStream.turnAway();
    if (this.isFinished) return this.stop();
    return null;
  }

  // The user of the request; or an ended connection, if the browser must try again later.
  #identify(): ReturnType<Tag["identify"]> | StreamConnection {
    try {
      const user = this.#ask();
      const { refusals } = this.#hub.admission;
      checkOrigin(this.#req, this.#res, this.#settings.allowedOrigins, refusals);
      return user;
    } catch (error) {
      if (!(error instanceof SseHubError)) throw error;
      return this.putOff(error);
    }
  }

  #admit(wish: StreamWish, user: ReturnType<Tag["identify"]>): StreamConnection {
    const transport = new Transport(this.#res);
    const stored = this.#session?.stored() ?? null;
    this.#credential.beginStream(user);
    writeStreamHead(this.#res);
    unwrapEnd(this.#res);
    if (this.#req.method === "HEAD") {
      this.#res.end();
      return this.#hub.admission.turnAway(transport);
    }
    // If the body is not read, Node stops reading the socket, and does not notice that the browser leaves.
    if (this.#req.method === "GET" && hasBody(this.#req)) this.#req.resume();
    catchStreamErrors(this.#req);
    watchEnd(this.#res);
    const session = this.#session?.begin(this.#res, stored);
    this.#session = null;
    const connection = this.#hub.admission.accept({
      // No spread: it would take 6 µs of the 140 that a stream costs to open.
      rooms: wish.rooms,
      first: wish.first,
      isOwn: wish.isOwn,
      isRaw: wish.isRaw === true,
      feed: wish.feed,
      transport,
      lastEventId: this.lastEventId,
      wantsTick: queryOf(this.#req, "tick") === "live",
      user,
      receivedAt: this.#receivedAt,
      generation: this.#generation,
      askedAt: (this.#tag as Tag).askedAt,
      addressOf: () => addressOf(this.#req),
      session: session?.link ?? null,
      credential: this.#credential.link,
      sessionReadAt: session?.readAt ?? null,
      whenReady: both(session?.saving ?? null, this.#credential.whenTold),
    });
    if (!(user instanceof Promise) && !connection.hasEnded) this.#tag = null;
    return connection;
  }
}

const NO_STREAM = Promise.resolve(null);
const OWN: StreamWish = { rooms: [], first: null, isOwn: true, feed: null };
