// Rate limits. Start node --import tsx demo/recipes/rate-limit.ts, open http://localhost:3000 and reload
// quickly.
import express from "express";
import { rateLimit, type RateLimitInfo } from "express-rate-limit";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const app = express();
// The hub limits how many streams are open at once. A browser above a limit asks again later.
const hub = createHub({ limits: { perAddress: 100, perSession: 20 } });
// Behind a proxy, both limits see the address of the proxy, unless you call app.set("trust proxy", 1).
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/rate-limit` }));

// Answers 429 and Retry-After, as usual for an API. Do not use it for streams: EventSource gives up
// after a 429 and never asks again.
app.use(
  "/api",
  rateLimit({ windowMs: 60_000, limit: 30, standardHeaders: "draft-8", legacyHeaders: false }),
);

// Limits how often a stream may be opened. A browser that asks too often receives a stream that says
// when to ask again, and ends. Do not set the limit too low: all browsers of an office may have one
// address, and they reconnect together after a restart.
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

hub.closeWith(app.listen(process.env.PORT ?? 3000));
