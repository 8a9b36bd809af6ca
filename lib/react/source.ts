import { createContext, useContext } from "react";
import { lease, type Lease } from "./open-streams.js";
import type { ConnectOptions } from "../client/index.js";

/** Where the components below a provider have their stream from. */
export interface Source {
  readonly url: string;
  /** Opens the stream, or takes the one that is open. */
  lease(): Lease;
}

export const SourceContext = createContext<Source | undefined>(undefined);

/** Makes the source of a provider. The options are asked for when a connection is opened. */
export function sourceOf(url: string, optionsNow: () => ConnectOptions): Source {
  return {
    url,
    lease: () => {
      const options = optionsNow();
      // A function belongs to one render, and a later one may know a newer token.
      const headers: ConnectOptions["headers"] = (tried) => {
        const now = optionsNow().headers;
        return typeof now === "function" ? now(tried) : (now ?? {});
      };
      return lease(url, typeof options.headers === "function" ? { ...options, headers } : options);
    },
  };
}

/** The source of the nearest provider. @throws Error without one */
export function useSource(): Source {
  const source = useContext(SourceContext);
  if (source === undefined) {
    throw new Error(
      "There is no SseProvider above this component. Put <SseProvider url> around it.",
    );
  }
  return source;
}
