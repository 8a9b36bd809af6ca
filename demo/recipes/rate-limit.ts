// Limits of rate: node --import tsx demo/recipes/rate-limit.ts, then http://localhost:3000, and reload fast.
import express from "express";
import { rateLimit, type RateLimitInfo } from "express-rate-limit";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const app = express();
// How many streams may be open at once is the hub's to say. One above is put off, and asks again.
const hub = createHub({ limits: { perAddress: 100, perSession: 20 } });
// Behind a proxy all have its address: app.set("trust proxy", 1) has both limits see the browser's.
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/rate-limit` }));

// Answers 429 and Retry-After, as anybody expects of an API. Not for streams: EventSource takes a 429
// as the last word, and never asks again.
app.use(
  "/api",
  rateLimit({ windowMs: 60_000, limit: 30, standardHeaders: "draft-8", legacyHeaders: false }),
);

// How often one may be opened. Who asks too often is answered with a stream that says when to come
// back, and ends. All of an office that comes back after a restart may have one address: not too few.
const openings = rateLimit({
  windowMs: 5_000,
  limit: 50,
  standardHeaders: "draft-8",
  legacyHeaders: false,
  handler: (req, res) => {
    const { resetTime } = (req as { rateLimit?: RateLimitInfo }).rateLimit ?? {};
    const waitMs = Math.max(0, (resetTime?.getTime() ?? 0) - Date.now());
    res.set("Cache-Control", "no-store").type("text/event-stream");
    res.status(200).send(`retry: ${1_000 + waitMs}\n\n`);
  },
});

app.get("/events", openings, (req) => void req.sse.join());
app.post("/api/hello", async (_req, res) => {
  await hub.broadcast("message", "hello");
  res.sendStatus(204);
});

app.listen(process.env.PORT ?? 3000);
