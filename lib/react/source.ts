import { createContext, useContext } from "react";
import { lease, type Lease } from "./open-streams.js";
import type { ConnectOptions } from "../client/index.js";

/** Gives the components below a provider their stream. */
export interface Source {
  readonly url: string;
  /** Opens the stream, or uses the one that is open. */
  lease(): Lease;
}

export const SourceContext = createContext<Source | undefined>(undefined);

/** Makes the source of a provider. `optionsNow` is called when a connection is opened. */
export function sourceOf(url: string, optionsNow: () => ConnectOptions): Source {
  return {
    url,
    lease: () => {
      const options = optionsNow();
      // Calls the function of the last render, which may know a newer token.
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
      "A hook of express-sse-hub/react was used without an SseProvider. Put <SseProvider url> around the component.",
    );
  }
  return source;
}
