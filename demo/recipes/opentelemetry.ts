// Spans of OpenTelemetry, from the request that broadcasts to the streams of all nodes. Start
// node --import tsx demo/recipes/opentelemetry.ts, run curl -N localhost:3000/events in one window and
// curl -X POST localhost:3000/price in another: the spans of the request, the broadcast and its delivery have the
// same traceId. With a Redis in REDIS_URL, start it twice with two values of PORT: both deliver in that trace.
import { context, propagation, trace } from "@opentelemetry/api";
import {
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import express, { type RequestHandler } from "express";
import { createHub, memoryLog, sse } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { traceHubs } from "./opentelemetry/trace-hubs.js";

// In production: new BatchSpanProcessor(new OTLPTraceExporter()), the latter of @opentelemetry/exporter-trace-otlp-http.
const provider = new NodeTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
provider.register();
traceHubs();

// Stands in for @opentelemetry/instrumentation-http, which makes a span for each request.
const traceRequests: RequestHandler = (req, res, next) => {
  const sender = propagation.extract(context.active(), req.headers);
  const span = trace.getTracer("http").startSpan(`${req.method} ${req.path}`, {}, sender);
  res.once("close", () => {
    span.end();
  });
  context.with(trace.setSpan(sender, span), next);
};

const { REDIS_URL: url, PORT = 3000 } = process.env;
const app = express();
const hub = createHub({ log: url === undefined ? memoryLog() : redisLog({ url }) });
hub.on("error", console.error);
app.use(traceRequests);
app.use(sse({ hub }));
app.get("/events", (req) => void req.sse.join());
app.post("/price", async (_req, res) => {
  res.json({ id: await hub.broadcast("price", 42) });
});

hub.closeWith(app.listen(PORT));
