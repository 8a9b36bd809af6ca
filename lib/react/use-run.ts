"use client";

import { useCallback, useInsertionEffect, useRef, useSyncExternalStore } from "react";
import { follow, type FollowOptions, type RunSnapshot, type RunState } from "../client/index.js";
import { openRuns } from "./open-runs.js";

/** A run as {@link useRun} returns it. */
export interface UsedRun extends Omit<RunSnapshot, "state"> {
  /** `idle` without a URL; otherwise the state as in `follow()`. */
  readonly state: RunState | "idle";
  /** Asks the server to cancel the run, with a DELETE request to its URL. Rejects if the server refuses. */
  readonly cancel: () => Promise<void>;
}

const IDLE = { text: "", events: [], state: "idle" } as const;
const CONNECTING: RunSnapshot = { text: "", events: [], state: "connecting" };

/**
 * Follows the run of a URL from its first event. It does nothing if the URL is `null`, and nothing on a server.
 * Components that follow the same URL share one connection.
 *
 * @param options read when the connection is opened
 */
export function useRun(url: string | null, options: FollowOptions = {}): UsedRun {
  const latest = useRef(options);
  useInsertionEffect(() => {
    latest.current = options;
  });
  const subscribe = useCallback(
    (onChange: () => void) => {
      if (url === null) return () => undefined;
      const { shared, release } = openRuns.take(url, () => follow(url, latest.current));
      const off = shared.subscribe(onChange);
      return () => {
        off();
        release();
      };
    },
    [url],
  );
  const get = () => (url === null ? IDLE : (openRuns.get(url)?.get() ?? CONNECTING));
  const snapshot = useSyncExternalStore(subscribe, get, () => (url === null ? IDLE : CONNECTING));
  const cancel = useCallback(async () => {
    if (url !== null) await openRuns.get(url)?.cancel();
  }, [url]);
  return { ...snapshot, cancel };
}
