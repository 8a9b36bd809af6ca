// A page of another origin: node --import tsx demo/recipes/cors.ts, then http://localhost:3001.
import cors from "cors";
import express from "express";
import session from "express-session";
import { createHub, requireUser, sse } from "express-sse-hub";

declare module "express-session" {
  interface SessionData {
    user: { login: string };
  }
}

const { PORT = "3000", PAGE_PORT = "3001" } = process.env;
const page = `http://localhost:${PAGE_PORT}`;

const app = express();
const hub = createHub();
// For all routes but streams. With credentials it must be told the origins: "*" is refused by browsers.
app.use(cors({ origin: [page], credentials: true }));
// Cookies go by site, not by origin. app.example.com and api.example.com are one site, as are the ports
// of localhost: "lax" is enough. Pages of another site need { sameSite: "none", secure: true }, https
// on both sides, app.set("trust proxy", 1) behind a proxy that ends it, and a browser that takes such
// cookies: Safari and Firefox keep them apart or away. Rather serve both from one site.
app.use(
  session({
    secret: "change me",
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: "lax", secure: process.env.NODE_ENV === "production" },
  }),
);
// For streams. They carry what their visitor may see, so a page must be allowed to read them here,
// whatever cors() says of it. The page opens them with { withCredentials: true }.
app.use(sse({ hub, allowedOrigins: [page] }));
app.use(express.json());

app.post("/login", (req, res, next) => {
  const { login } = req.body as { login: string }; // yours: and a password
  req.session.regenerate((error) => {
    if (error) {
      next(error);
      return;
    }
    req.session.user = { login };
    res.json({ login });
  });
});
app.get("/events", requireUser(), (req) => void req.sse.join());
app.post("/hello", requireUser(), async (req, res) => {
  const login = String(req.session.user?.login);
  await hub.broadcast("message", `hello ${login}`, { login });
  res.json({});
});
app.listen(PORT);

// The page's own server; wherever that is, it tells the page where the application is.
const pages = express();
pages.get("/application.js", (_req, res) => {
  res.type("js").send(`export const application = "http://localhost:${PORT}";`);
});
pages.use(express.static(`${import.meta.dirname}/cors`));
pages.listen(PAGE_PORT);
