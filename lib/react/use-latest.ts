"use client";

import { useCallback, useSyncExternalStore } from "react";
import type { EventData, EventName } from "../wire/event.js";
import { openStream } from "./open-streams.js";
import { useSource } from "./source.js";

const none = (): undefined => undefined;

/** The data of the newest event of that name, and `initial` until the first one arrives. */
export function useLatest<E extends EventName>(event: E): EventData<E> | undefined;
export function useLatest<E extends EventName>(event: E, initial: EventData<E>): EventData<E>;
export function useLatest<E extends EventName>(
  event: E,
  initial?: EventData<E>,
): EventData<E> | undefined {
  const source = useSource();
  const subscribe = useCallback(
    (onChange: () => void) => {
      const { stream, release } = source.lease();
      const off = stream.latest(event).subscribe(onChange);
      return () => {
        off();
        release();
      };
    },
    [source, event],
  );
  const get = (): EventData<E> | undefined => openStream(source.url)?.latest(event).get();
  const value = useSyncExternalStore(subscribe, get, none);
  return value === undefined ? initial : value;
}
