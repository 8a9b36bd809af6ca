export { connect } from "./connect.js";
export type { SseStream, StreamEnd, StreamVerdict, Unsubscribe } from "./connect.js";
export type { ConnectOptions, RequestBody, RequestHeaders, Tried } from "./connect-options.js";
export type { Answer, Trouble } from "./return-delay.js";
export type { StreamState, Waiting } from "./signal.js";
export type { EventData, EventName, SseEvents } from "../wire/event.js";
