"use client";

import { useEffect, useInsertionEffect, useRef } from "react";
import { valueOf } from "../client/value-of.js";
import type { EventData, EventName } from "../wire/event.js";
import { useSource } from "./source.js";

/**
 * Calls back with the data of each event of that name: its value if the data is JSON, otherwise the text. The handler
 * of the last render is called; a new handler does not subscribe again.
 */
export function useSseEvent<E extends EventName>(
  event: E,
  handler: (data: EventData<E>) => void,
): void {
  const source = useSource();
  const latest = useRef(handler);
  useInsertionEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const { stream, release } = source.lease();
    const off = stream.on(event, (text) => {
      latest.current(valueOf(text) as EventData<E>);
    });
    return () => {
      off();
      release();
    };
  }, [source, event]);
}
