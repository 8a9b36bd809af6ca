import { constants } from "node:os";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import {
  MILLISECONDS,
  isArray,
  isObject,
  isTimer,
  optionReader,
} from "../options/option-reader.js";

/** What of a server of `node:http`, or of one like it, is needed to close it. */
export interface ClosableServer {
  close(onClosed: () => void): unknown;
  closeAllConnections?(): void;
}

/** Options of `hub.closeWith()`. An unknown key is an error. */
export interface CloseWithOptions {
  /** At which signals. @default ["SIGTERM", "SIGINT"] */
  signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * Milliseconds that everything together may take, then what is left is destroyed. Below the 5 s after which
   * `tsx watch` kills. @default 4_000
   */
  timeoutMs?: number | undefined;
}

const { signals: signalNumbers } = constants;

// Of all hubs of this process: others that listen to a signal end the process themselves.
const ours = new Set<(signal: NodeJS.Signals) => void>();

/**
 * Closes a hub and its server at a signal, and ends the process, unless the application listens to the signal, too.
 *
 * @param closeHub drains within so many milliseconds; it does not reject
 * @returns what takes it back
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
    // npm and tsx hand on what the terminal has sent to this process already.
    if (isClosing) return;
    isClosing = true;
    const isOurs = process.listeners(signal).every((listener) => ours.has(listener as never));
    void closeAll(closeHub, server, timeoutMs).then(() => {
      stop();
      if (isOurs && process.listenerCount(signal) === 0) process.exit();
    });
  };
  ours.add(onSignal);
  // Before those of the application that listen once, and are not seen any more when they have been called.
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
