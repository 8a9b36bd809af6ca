import { connect, type ConnectOptions, type SseStream } from "express-sse-hub/client";
import { onTestEnd } from "../support/disposers.js";
import { until } from "../support/shop.js";

/** A stream of the client, and all it told, one line each. */
export interface Listened {
  readonly stream: SseStream;
  readonly told: string[];
  /** Resolves when that line was told, so often. */
  readonly tells: (line: string, times?: number) => Promise<void>;
}

/** Connects until the end of the test, and writes down what the stream tells. */
export function listen(url: string, options?: ConnectOptions): Listened {
  const stream = connect(url, options);
  onTestEnd(() => {
    stream.close();
  });
  const told: string[] = [];
  stream.on("message", (text) => told.push(`message ${text}`));
  stream.onJson("order", (order) => told.push(`order ${JSON.stringify(order)}`));
  stream.onOpen(({ recovered, reason }) => told.push(`recovered ${reason ?? String(recovered)}`));
  stream.onGap(({ reason }) => told.push(`gap ${reason}`));
  stream.onEnd((reason, { isFinal }) => told.push(`end ${reason}${isFinal ? " for good" : ""}`));
  stream.onState((state, waiting) => {
    const why = waiting?.error === undefined ? waiting?.status : "network";
    told.push(why === undefined ? state : `${state} ${why}`);
  });
  const tells = (line: string, times = 1) =>
    until(
      () => told.filter((one) => one === line).length >= times,
      `${line} in ${told.join(", ")}`,
    );
  return { stream, told, tells };
}

/** The errors that listeners threw until the end of the test, as a page's `error` event has them. */
export function reportedErrors(): unknown[] {
  const reported: unknown[] = [];
  const target = globalThis as { reportError?: (error: unknown) => void };
  target.reportError = (error) => reported.push(error);
  onTestEnd(() => {
    delete target.reportError;
  });
  return reported;
}
