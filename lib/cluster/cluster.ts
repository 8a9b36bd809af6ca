import type { Presence } from "./presence.js";
import type { PresentUser } from "./present-user.js";
import { compileMatcher } from "../audience/compile-matcher.js";
import type { Addresses } from "../connection/addresses.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import type { Delivery } from "../delivery/delivery.js";
import type { Matcher } from "../audience/matcher.js";
import { debug } from "../diagnostics/debug.js";
import type { EventLog, LogFollower, Notice } from "../log/event-log.js";
import type { RecallReason } from "../session/recalls.js";
import type { Runs } from "../run/runs.js";
import type { SessionMonitor } from "../session/session-monitor.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { detailsOf, mergeDetails, type ConnectionDetails } from "./connection-details.js";
import { mergePeople, mergeUsers, type Person, type UsersAnswer } from "./merge-users.js";
import { createNodeName, type NodeName } from "./node-name.js";
import { samplesIn, type NodeSample } from "./node-sample.js";
import { mergeReach, type Reach } from "./reach.js";
import { readNotice, readQuestion, type HubNotice, type HubQuestion } from "./notices.js";

// How many keys of stopped sessions one message carries.
const KEYS_PER_NOTICE = 1_000;

/** The parts of this node that other nodes ask or change. */
export interface ClusterParts {
  readonly log: EventLog;
  readonly sessionMonitor: SessionMonitor;
  readonly presence: Presence;
  readonly runs: Pick<Runs, "onCancel" | "followersByToken">;
  readonly delivery: Pick<Delivery, "onMove" | "onBreak">;
  readonly connections: Iterable<StreamConnection>;
  readonly addresses: Addresses;
  /** The numbers of this node now. */
  readonly sample: (node: NodeName) => NodeSample;
  readonly report: (error: SseHubError) => void;
}

/** Connects this node with the other nodes of the application. With a log in memory there are no others. */
export class Cluster implements LogFollower {
  readonly #parts: ClusterParts;
  readonly #node = createNodeName();

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  /** Ends the streams of the users that match, on every node. @throws SseHubTypeError `ERR_SSE_FILTER` */
  recall(reason: RecallReason, matcher: Matcher): Promise<void> {
    const stopped = this.#parts.sessionMonitor.recallAll(reason, matcher);
    const told = this.#tell({ kind: reason, matcher });
    this.#tellStopped(stopped);
    return told;
  }

  /** @throws SseHubTypeError `ERR_SSE_FILTER` */
  users(matcher: Matcher | undefined): Promise<PresentUser[]> {
    return this.#ask({ kind: "users", matcher: checked(matcher) }).then(mergeUsers);
  }

  /** The users that are connected on all nodes, with the details that the dashboard lists. */
  people(): Promise<Person[]> {
    return this.#ask({ kind: "users", matcher: null }).then(mergePeople);
  }

  /** The numbers of this node. */
  sample(): NodeSample {
    return this.#parts.sample(this.#node);
  }

  /** The numbers of all nodes that answer. */
  samples(): Promise<NodeSample[]> {
    return this.#ask({ kind: "stats", matcher: null }).then(samplesIn);
  }

  /**
   * The open connections of users on all nodes.
   *
   * @param keys the keys of the users, from `userKeyOf()`
   */
  details(
    keys: readonly string[],
    { wantsAddresses }: { readonly wantsAddresses: boolean },
  ): Promise<ConnectionDetails[]> {
    const question = { kind: "connections", matcher: null, keys, wantsAddresses } as const;
    return this.#ask(question).then(mergeDetails);
  }

  /** @throws SseHubTypeError `ERR_SSE_FILTER` */
  count(matcher: Matcher | undefined): Promise<number> {
    return this.#ask({ kind: "count", matcher: checked(matcher) }).then((answers) =>
      answers.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0),
    );
  }

  /**
   * The connections that a broadcast would be delivered to now. Unlike `count` it leaves out streams of
   * `req.sse.open()`, which no broadcast reaches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  reach(matcher: Matcher | undefined, rooms: readonly string[] | null): Promise<Reach> {
    return this.#ask({ kind: "reach", matcher: checked(matcher), rooms }).then(mergeReach);
  }

  onMove(): void {
    this.#parts.delivery.onMove();
  }

  onBreak(): void {
    const { log, sessionMonitor, delivery } = this.#parts;
    sessionMonitor.forgetChanges();
    debug("break: it goes on from %s.%d", log.epoch, log.head);
    delivery.onBreak();
    sessionMonitor.ownStreams.onBreak();
  }

  onError(error: SseHubError): void {
    this.#parts.report(error);
  }

  onNotice(given: Notice): void {
    const notice = readNotice(given);
    if (notice === undefined) {
      this.#parts.report(new SseHubError("ERR_SSE_LOG_ENTRY", NOT_UNDERSTOOD));
      return;
    }
    const { sessionMonitor } = this.#parts;
    if (notice.kind === "session") sessionMonitor.changedElsewhere(notice);
    else if (notice.kind === "credential") sessionMonitor.credentials.changedElsewhere(notice);
    else if (notice.kind === "cleared") sessionMonitor.sessions.allGone("elsewhere");
    else if (notice.kind === "stopped") sessionMonitor.stoppedElsewhere(notice.keys);
    else if (notice.kind === "loaded") sessionMonitor.loadedElsewhere(notice.key);
    else if (notice.kind === "cancel") this.#parts.runs.onCancel(notice.run, notice.token);
    else this.#tellStopped(sessionMonitor.recallAll(notice.kind, notice.matcher));
  }

  onQuestion(given: Notice): unknown {
    const question = readQuestion(given);
    if (question === undefined) return null;
    if (question.kind === "runs") return this.#parts.runs.followersByToken();
    if (question.kind === "stats") return this.sample();
    if (question.kind === "connections") return this.#details(question);
    const test = question.matcher === null ? null : compileMatcher(question.matcher);
    const { presence } = this.#parts;
    if (question.kind === "count") return presence.count(test);
    if (question.kind === "reach") return presence.reach(test, question.rooms ?? null);
    const answer: UsersAnswer = [...presence.users(test), { sessionUsers: presence.sessionUsers }];
    return answer;
  }

  // A node tells addresses only if its own dashboard shows addresses too: otherwise it keeps none.
  #details({ keys = [], wantsAddresses = false }: HubQuestion): ConnectionDetails[] {
    const { connections, addresses } = this.#parts;
    const addressOf = (connection: StreamConnection) =>
      wantsAddresses ? addresses.of(connection) : undefined;
    return detailsOf({ node: this.#node, connections, addressOf }, keys);
  }

  #tellStopped(keys: readonly string[]): void {
    for (let start = 0; start < keys.length; start += KEYS_PER_NOTICE) {
      const some = keys.slice(start, start + KEYS_PER_NOTICE);
      this.#tell({ kind: "stopped", keys: some }).catch(() => undefined);
    }
  }

  #tell(notice: HubNotice): Promise<void> {
    const told = this.#parts.log.tell({ ...notice });
    // A caller may ignore the promise: the error is reported, and is no unhandled rejection.
    told.catch((cause: unknown) => {
      this.#parts.report(asError(cause));
    });
    return told;
  }

  #ask(question: HubQuestion): Promise<unknown[]> {
    return this.#parts.log.ask({ ...question });
  }
}

function checked(matcher: Matcher | undefined): Matcher | null {
  if (matcher === undefined) return null;
  compileMatcher(matcher);
  return matcher;
}

function asError(cause: unknown): SseHubError {
  if (cause instanceof SseHubError) return cause;
  return new SseHubError("ERR_SSE_LOG", NOT_SENT, { cause });
}

const NOT_SENT =
  "A message to the other nodes failed, so they may keep streams that have ended here. The cause says what is wrong.";

const NOT_UNDERSTOOD =
  "Another node has sent a message that this version does not understand, so the message was ignored. " +
  "Run the same version of express-sse-hub on all nodes.";
