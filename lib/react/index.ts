"use client";

export { SseProvider } from "./sse-provider.js";
export type { SseProviderProps } from "./sse-provider.js";
export { useLatest } from "./use-latest.js";
export { useRun } from "./use-run.js";
export type { UsedRun } from "./use-run.js";
export { useSse } from "./use-sse.js";
export { useSseEvent } from "./use-sse-event.js";
export { useSseState } from "./use-sse-state.js";
export type {
  ConnectOptions,
  FollowOptions,
  RunSnapshot,
  RunState,
  SseStream,
  StreamState,
} from "../client/index.js";
export type { EventData, EventName, SseEvents } from "../wire/event.js";
