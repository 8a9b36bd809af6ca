import { connect, type ConnectOptions, type SseStream } from "../client/index.js";

// A component that moves, or that StrictMode mounts twice, takes the same connection again.
const LINGER_MS = 500;

/** What a component holds while it uses a stream. */
export interface Lease {
  readonly stream: SseStream;
  /** The stream is closed a moment after the last one was released. */
  readonly release: () => void;
}

interface Open {
  readonly stream: SseStream;
  leases: number;
  closing?: ReturnType<typeof setTimeout>;
}

// By URL. Only effects and subscriptions put anything here, so it is empty on a server.
const streams = new Map<string, Open>();

/** The stream of a URL, if a component uses it. */
export function openStream(url: string): SseStream | undefined {
  return streams.get(url)?.stream;
}

/** Opens the stream of a URL, or takes the one that is open. */
export function lease(url: string, options: ConnectOptions): Lease {
  let open = streams.get(url);
  // A stream that ended for good is opened anew by whoever comes after all have left, as after a login.
  if (open === undefined || (open.leases === 0 && open.stream.state === "closed")) {
    clearTimeout(open?.closing);
    open = { stream: connect(url, options), leases: 0 };
    streams.set(url, open);
  }
  const own = open;
  clearTimeout(own.closing);
  own.leases += 1;
  const release = () => {
    own.leases -= 1;
    if (own.leases > 0) return;
    own.closing = setTimeout(() => {
      own.stream.close();
      streams.delete(url);
    }, LINGER_MS);
  };
  return { stream: own.stream, release };
}
