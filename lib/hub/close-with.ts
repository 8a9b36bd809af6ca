import { constants } from "node:os";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import {
  MILLISECONDS,
  isArray,
  isObject,
  isTimer,
  optionReader,
} from "../options/option-reader.js";

/** The part of a `node:http` server, or of a similar server, that is needed to close it. */
export interface ClosableServer {
  close(onClosed: () => void): unknown;
  closeAllConnections?(): void;
}

/** Options of `hub.closeWith()`. An unknown key is an error. */
export interface CloseWithOptions {
  /** The signals at which to shut down. @default ["SIGTERM", "SIGINT"] */
  signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * Milliseconds that the whole shutdown may take; then all sockets that are still open are destroyed. The default
   * is below the 5 s after which `tsx watch` kills the process. @default 4_000
   */
  timeoutMs?: number | undefined;
}

const { signals: signalNumbers } = constants;

// The listeners of all hubs of this process. If any other listener exists, the application ends the process itself.
const ours = new Set<(signal: NodeJS.Signals) => void>();

/**
 * Closes a hub and its server at a signal and then ends the process, unless the application listens to the signal too.
 *
 * @param closeHub drains the hub within the given milliseconds; it must not reject
 * @returns a function that removes the signal listeners
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function closeWith(
  closeHub: (timeoutMs: number) => Promise<void>,
  server: ClosableServer,
  options: CloseWithOptions,
): () => void {
  checkServer(server);
  const { signals, timeoutMs } = resolveCloseWithOptions(options);
  let isClosing = false;
  const stop = () => {
    for (const signal of signals) process.off(signal, onSignal);
    ours.delete(onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // npm and tsx forward a signal that the terminal has already sent to this process.
    if (isClosing) return;
    isClosing = true;
    const isOurs = process.listeners(signal).every((listener) => ours.has(listener as never));
    void closeAll(closeHub, server, timeoutMs).then(() => {
      stop();
      if (isOurs && process.listenerCount(signal) === 0) process.exit();
    });
  };
  ours.add(onSignal);
  // Our listener runs first: a `once` listener of the application is gone from the list after it was called.
  for (const signal of signals) process.prependListener(signal, onSignal);
  return stop;
}

/** Reads the options of `hub.closeWith()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveCloseWithOptions(options: CloseWithOptions): {
  readonly signals: readonly NodeJS.Signals[];
  readonly timeoutMs: number;
} {
  const read = optionReader("hub.closeWith", options, ["signals", "timeoutMs"]);
  return {
    signals: read("signals", 'an array such as ["SIGTERM"]', isSignals, ["SIGTERM", "SIGINT"]),
    timeoutMs: read("timeoutMs", MILLISECONDS, isTimer, 4_000),
  };
}

function isSignals(value: unknown): value is readonly NodeJS.Signals[] {
  return isArray(value) && value.every((name) => typeof name === "string" && name in signalNumbers);
}

async function closeAll(
  closeHub: (timeoutMs: number) => Promise<void>,
  server: ClosableServer,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  await closeHub(timeoutMs);
  await new Promise<void>((resolve) => {
    const leftMs = Math.max(0, deadline - performance.now());
    const timer = setTimeout(() => {
      server.closeAllConnections?.();
      resolve();
    }, leftMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function checkServer(server: unknown): void {
  if (isObject(server) && typeof (server as Partial<ClosableServer>).close === "function") return;
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `hub.closeWith() was given ${describe(server)}. Expected the server: hub.closeWith(app.listen(3000)).`,
  );
}
