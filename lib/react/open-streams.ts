import { connect, type ConnectOptions, type SseStream } from "../client/index.js";
import { KeptOpen } from "./kept-open.js";

/** What a component holds while it uses a stream. */
export interface Lease {
  readonly stream: SseStream;
  /** The stream is closed a moment after the last one was released. */
  readonly release: () => void;
}

const streams = new KeptOpen<SseStream>();

/** The stream of a URL, if a component uses it. */
export function openStream(url: string): SseStream | undefined {
  return streams.get(url);
}

/** Opens the stream of a URL, or takes the one that is open. */
export function lease(url: string, options: ConnectOptions): Lease {
  const { shared, release } = streams.take(url, () => connect(url, options));
  return { stream: shared, release };
}
