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
  /** Absolute, or relative to the page. One connection is open per URL. */
  readonly url: string;
  /** Read when the connection is opened; a function for `headers` is always that of the last render. */
  readonly options?: ConnectOptions;
  readonly children?: ReactNode;
}

/** Gives the components below it the stream of a URL. It opens nothing before one of them uses it. */
export function SseProvider({ url, options = {}, children }: SseProviderProps): ReactElement {
  const latest = useRef(options);
  useInsertionEffect(() => {
    latest.current = options;
  });
  const value = useMemo(() => sourceOf(url, () => latest.current), [url]);
  return createElement(SourceContext.Provider, { value }, children);
}
