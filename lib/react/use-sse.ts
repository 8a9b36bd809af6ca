"use client";

import { useEffect, useState } from "react";
import type { SseStream } from "../client/index.js";
import { useSource } from "./source.js";

/** The stream itself; `undefined` on a server and in the first render, before the stream is opened. */
export function useSse(): SseStream | undefined {
  const source = useSource();
  const [stream, setStream] = useState<SseStream>();
  useEffect(() => {
    const { stream: own, release } = source.lease();
    setStream(own);
    return () => {
      setStream(undefined);
      release();
    };
  }, [source]);
  return stream;
}
