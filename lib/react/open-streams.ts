import { connect, type ConnectOptions, type SseStream } from "../client/index.js";
import { KeptOpen } from "./kept-open.js";

/** A component's use of a stream. */
export interface Lease {
  readonly stream: SseStream;
  /** Ends this use. Half a second after the last use, the stream is closed. */
  readonly release: () => void;
}

const streams = new KeptOpen<SseStream>();

/** The stream of a URL, if a component uses it. */
export function openStream(url: string): SseStream | undefined {
  return streams.get(url);
}

/** Opens the stream of a URL, or uses the one that is open. */
export function lease(url: string, options: ConnectOptions): Lease {
  const { shared, release } = streams.take(url, () => connect(url, options));
  return { stream: shared, release };
}
