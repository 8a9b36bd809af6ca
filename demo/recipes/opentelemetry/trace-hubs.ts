// Spans of OpenTelemetry for all hubs of a process. Copy this file; it needs the package @opentelemetry/api alone.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  propagation,
  trace,
  type Span,
} from "@opentelemetry/api";
import type { BroadcastTrace, Connection, HubChannels } from "express-sse-hub";

type Listeners = Readonly<Record<string, (message: unknown) => void>>;

const tracer = trace.getTracer("express-sse-hub");
const SYSTEM = { "messaging.system": "express-sse-hub" };

/**
 * Makes three kinds of spans:
 *
 * - `send <event>` for a broadcast, in the span that is active where it is called, such as that of a request
 * - `deliver` on each node that has written the event to live streams, in the span of the broadcast
 * - `stream` from a stream's opening to its end, in the span of its request
 *
 * No span holds anything of a user, or of the data of an event.
 *
 * @returns a function that makes no more of them
 */
export function traceHubs(): () => void {
  const listeners = Object.entries({ ...ofBroadcasts(), ...ofDeliveries(), ...ofStreams() });
  for (const [name, listener] of listeners) subscribe(name, listener);
  return () => {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  };
}

function ofBroadcasts(): Listeners {
  const spans = new WeakMap<BroadcastTrace, Span>();
  return {
    "tracing:express-sse-hub:broadcast:start": (message) => {
      const broadcast = message as BroadcastTrace;
      const event = String(broadcast.event);
      const span = tracer.startSpan(`send ${event}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          ...SYSTEM,
          "messaging.operation.type": "send",
          "messaging.destination.name": event,
        },
      });
      spans.set(broadcast, span);
      // The log carries it to every node. No browser receives it.
      const carrier: { traceparent?: string } = {};
      propagation.inject(trace.setSpan(context.active(), span), carrier);
      if (carrier.traceparent !== undefined) broadcast.traceContext = carrier.traceparent;
    },

    // Misuse was thrown at the call, or the log did not take it.
    "tracing:express-sse-hub:broadcast:error": (message) => {
      const { error } = message as BroadcastTrace;
      const span = spans.get(message as BroadcastTrace);
      span?.recordException(error as Error);
      span?.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      span?.end();
      spans.delete(message as BroadcastTrace);
    },

    // The log holds it.
    "tracing:express-sse-hub:broadcast:asyncEnd": (message) => {
      const { result } = message as BroadcastTrace;
      const span = spans.get(message as BroadcastTrace);
      if (result !== undefined) span?.setAttribute("messaging.message.id", result);
      span?.end();
    },
  };
}

function ofDeliveries(): Listeners {
  return {
    "express-sse-hub:pass": (message) => {
      const { traced, entries, writes } = message as HubChannels["express-sse-hub:pass"];
      const endTime = Date.now();
      for (const { id, traceContext, delayMs } of traced) {
        const sender = propagation.extract(ROOT_CONTEXT, { traceparent: traceContext });
        const span = tracer.startSpan(
          "deliver",
          { kind: SpanKind.CONSUMER, startTime: endTime - (delayMs ?? 0), attributes: SYSTEM },
          sender,
        );
        span.setAttributes({
          "messaging.operation.type": "process",
          "messaging.message.id": id,
          // Of all events that were written together.
          "sse.pass.events": entries,
          "sse.pass.streams": writes,
        });
        span.end(endTime);
      }
    },
  };
}

function ofStreams(): Listeners {
  const spans = new WeakMap<Connection, Span>();
  return {
    "express-sse-hub:open": (message) => {
      const { connection, verdict } = message as HubChannels["express-sse-hub:open"];
      const span = tracer.startSpan("stream", { attributes: { "sse.connection": connection.id } });
      // null: a stream of its own, by req.sse.open().
      if (verdict !== null) span.setAttribute("sse.verdict", verdict);
      spans.set(connection, span);
    },

    "express-sse-hub:end": (message) => {
      const { connection, reason } = message as HubChannels["express-sse-hub:end"];
      spans.get(connection)?.setAttribute("sse.reason", reason).end();
    },
  };
}
