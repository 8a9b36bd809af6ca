"use client";

import {
  createElement,
  useInsertionEffect,
  useMemo,
  useRef,
  type ReactElement,
  type ReactNode,
} from "react";
import type { ConnectOptions } from "../client/index.js";
import { SourceContext, sourceOf } from "./source.js";

/** Properties of {@link SseProvider}. */
export interface SseProviderProps {
  /** The URL of the stream, absolute or relative to the page. Components that use the same URL share one connection. */
  readonly url: string;
  /** Read when the connection is opened. If `headers` is a function, the one of the last render is called. */
  readonly options?: ConnectOptions;
  readonly children?: ReactNode;
}

/** Gives the components below it the stream of a URL. The stream is opened when one of them uses it. */
export function SseProvider({ url, options = {}, children }: SseProviderProps): ReactElement {
  const latest = useRef(options);
  useInsertionEffect(() => {
    latest.current = options;
  });
  const value = useMemo(() => sourceOf(url, () => latest.current), [url]);
  return createElement(SourceContext.Provider, { value }, children);
}
