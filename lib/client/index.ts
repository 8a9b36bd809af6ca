export { connect } from "./connect.js";
export { follow } from "./follow.js";
export type { FollowedRun, FollowOptions, RunSnapshot, RunState } from "./follow.js";
export type {
  AnyStreamEvent,
  Latest,
  SseStream,
  StreamEnd,
  StreamEvent,
  StreamVerdict,
  Unsubscribe,
} from "./sse-stream.js";
export type { ConnectOptions, RequestBody, RequestHeaders, Tried } from "./connect-options.js";
export type { Answer, Trouble } from "./reconnect-delay.js";
export type { StreamState, Waiting } from "./signal.js";
export type { EventData, EventName, SseEvents } from "../wire/event.js";
