export type { Broadcaster, RetainOptions, RetainingBroadcaster } from "./publish/broadcaster.js";
export type { TransactionBroadcaster } from "./publish/transaction-broadcaster.js";
export type { Connection, Opened } from "./connection/connection.js";
export type { EndReason } from "./connection/end-reason.js";
export type { First } from "./admission/admission-request.js";
export type { RefusalReason } from "./admission/refusal-reason.js";
export type { Limits } from "./admission/limits.js";
export type { PresentUser } from "./cluster/present-user.js";
export type { Filter, Predicate } from "./audience/audience.js";
export type { Matcher, Operators } from "./audience/matcher.js";
export type { BroadcastTrace } from "./publish/broadcast-trace.js";
export type { HubChannels } from "./hub/channels.js";
export type { FollowOptions } from "./express/follow-options.js";
export type { JoinOptions } from "./express/join-options.js";
export type { SseRequest } from "./express/sse-request.js";
export { requireUser } from "./express/require-user.js";
export { streamOf } from "./express/stream-of.js";
export { sse } from "./express/sse.js";
export type { Handler } from "./express/sse.js";
export type { CredentialFunction } from "./express/credential-source.js";
export type { SseOptions, StaticOptions } from "./express/sse-options.js";
export type { ExpressRequest, RequestQuery } from "./express/express-request.js";
export type { SessionRequest, UserResolver } from "./express/tag-request.js";
export type { ClosableServer, CloseWithOptions } from "./hub/close-with.js";
export { createHub } from "./hub/create-hub.js";
export type { Hub, HubHealth, HubStats } from "./hub/hub.js";
export type { CloseOptions, HubOptions } from "./hub/hub-options.js";
export type { HubEvents } from "./publish/hub-events.js";
export type {
  Audience,
  EventLog,
  LogDraft,
  LogEntry,
  LogFollower,
  LogHealth,
  LogPage,
  Notice,
} from "./log/event-log.js";
export type {
  RunEndReason,
  RunHeader,
  RunSink,
  RunStore,
  RunVerdict,
  RunWrite,
  StoredRun,
} from "./log/run-store.js";
export type { LostReason, ReturnVerdict } from "./log/cursor.js";
export { memoryLog } from "./log/memory-log.js";
export type { MemoryLogOptions } from "./log/memory-log-options.js";
export type {
  CancelOptions,
  Run,
  RunEnd,
  RunInfo,
  RunItems,
  RunMatcher,
  RunOptions,
  Runner,
  RunSource,
  RunTools,
} from "./run/run.js";
export type { SessionEndCause } from "./session/session-end-cause.js";
export { SseHubError, SseHubTypeError } from "./errors/sse-hub-error.js";
export type { SseHubErrorCode } from "./errors/sse-hub-error.js";
export type { Verify } from "./user/credential-link.js";
export type { SseUser, User } from "./user/user.js";
export type { EventData, EventName, SseEvents } from "./wire/event.js";
