// The strict policy of helmet. Start node --import tsx demo/recipes/helmet.ts and open http://localhost:3000.
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";
import helmet from "helmet";

const app = express();
const hub = createHub();
// helmet() comes first, so that files and streams have its headers too. By default its policy runs only
// script files of the page's own origin, so the page has a script file and no code in <script>. The page
// may open streams of its own origin, because default-src 'self' applies where connect-src is not set.
// A page that reads a stream of another origin needs helmet({ contentSecurityPolicy: { directives: {
// "connect-src": ["'self'", "https://events.example.com"] } } }), and that server needs allowedOrigins:
// see cors.ts.
app.use(
  helmet({
    contentSecurityPolicy: {
      // Without TLS, as on a laptop or in a test, Safari would request https from localhost.
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

hub.closeWith(app.listen(process.env.PORT ?? 3000));
