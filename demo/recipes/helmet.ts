// helmet's strict policy: node --import tsx demo/recipes/helmet.ts, then http://localhost:3000.
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";
import helmet from "helmet";

const app = express();
const hub = createHub();
// Before everything, so that files and streams have its headers too. As it comes it runs no script but
// files of one's own (so the page has one, and no <script> with code in it), and lets pages open
// streams of their own origin: connect-src is not named, so default-src 'self' holds. A page that
// reads a stream of another origin needs helmet({ contentSecurityPolicy: { directives: {
// "connect-src": ["'self'", "https://events.example.com"] } } }), and there allowedOrigins: see cors.ts.
app.use(
  helmet({
    contentSecurityPolicy: {
      // Without TLS, as on a laptop or in a test, Safari would ask localhost for https.
      directives:
        process.env.NODE_ENV === "production" ? {} : { "upgrade-insecure-requests": null },
    },
  }),
);
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/helmet` }));

app.get("/events", (req) => void req.sse.join());
app.post("/hello", async (_req, res) => {
  await hub.broadcast("message", "hello");
  res.sendStatus(204);
});

app.listen(process.env.PORT ?? 3000);
