// A page of another origin. Start node --import tsx demo/recipes/cors.ts and open http://localhost:3001.
import cors from "cors";
import express from "express";
import session from "express-session";
import { createHub, requireUser, sse } from "express-sse-hub";

const { PORT = "3000", PAGE_PORT = "3001" } = process.env;
const page = `http://localhost:${PAGE_PORT}`;

const app = express();
const hub = createHub();
// For all routes except streams. With credentials, name the origins: browsers refuse "*".
app.use(cors({ origin: [page], credentials: true }));
// Browsers send cookies by site, not by origin. app.example.com and api.example.com are one site, and
// so are all ports of localhost: "lax" is enough. A page of another site needs
// { sameSite: "none", secure: true }, https on both sides, app.set("trust proxy", 1) behind a proxy that
// terminates TLS, and a browser that accepts such cookies: Safari and Firefox block or partition them.
// It is simpler to serve both from one site.
app.use(
  session({
    secret: "change me",
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: "lax", secure: process.env.NODE_ENV === "production" },
  }),
);
// For streams. A stream contains what its user may see, so sse() must allow the page, whatever cors()
// allows. The page opens the stream with { withCredentials: true }.
app.use(sse({ hub, allowedOrigins: [page] }));
app.use(express.json());

app.post("/login", (req, res, next) => {
  const { login } = req.body as { login: string }; // yours also checks a password
  req.session.regenerate((error) => {
    Object.assign(req.session, { user: { login } });
    if (error) next(error);
    else res.json({ login });
  });
});
app.get("/events", requireUser(), (req) => void req.sse.join());
app.post("/hello", requireUser(), async (req, res) => {
  const { login } = req.sse.user as { login: string };
  await hub.broadcast("message", `hello ${login}`, { login });
  res.json({});
});
hub.closeWith(app.listen(PORT));

// The server of the page. It tells the page where the application is.
const pages = express();
pages.get("/application.js", (_req, res) => {
  res.type("js").send(`export const application = "http://localhost:${PORT}";`);
});
pages.use(express.static(`${import.meta.dirname}/cors`));
pages.listen(PAGE_PORT);
