// Many tabs. Start nginx with demo/recipes/proxies/nginx-http2.conf and
// node --import tsx demo/recipes/http2.ts, and open https://localhost in twenty tabs.
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

const app = express();
const hub = createHub();
// nginx terminates TLS. The application trusts its headers for the browser's address and protocol.
app.set("trust proxy", "loopback");
app.use(
  session({
    secret: "change me",
    resave: false,
    saveUninitialized: false,
    cookie: { secure: "auto", sameSite: "lax" },
  }),
);
app.use(sse({ hub, static: `${import.meta.dirname}/http2` }));

app.get("/events", (req) => void req.sse.join());
app.post("/hello", async (_req, res) => {
  await hub.broadcast("message", `hello to ${hub.size} tabs`);
  res.sendStatus(204);
});
app.get("/me", (req, res) => {
  res.json({ address: req.ip, protocol: req.protocol });
});

hub.closeWith(app.listen(process.env.PORT ?? 3000));
