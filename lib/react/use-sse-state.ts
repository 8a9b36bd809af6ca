"use client";

import { useCallback, useSyncExternalStore } from "react";
import type { StreamState } from "../client/index.js";
import { openStream } from "./open-streams.js";
import { useSource } from "./source.js";

const connecting = (): StreamState => "connecting";

/** The state of the stream: `connecting` (always on a server), `open`, `waiting` or `closed`. */
export function useSseState(): StreamState {
  const source = useSource();
  const subscribe = useCallback(
    (onChange: () => void) => {
      const { stream, release } = source.lease();
      const off = stream.onState(onChange);
      return () => {
        off();
        release();
      };
    },
    [source],
  );
  const get = (): StreamState => openStream(source.url)?.state ?? "connecting";
  return useSyncExternalStore(subscribe, get, connecting);
}
