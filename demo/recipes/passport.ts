// Users of passport. Start node --import tsx demo/recipes/passport.ts and open http://localhost:3000 in
// two windows.
import express, { type RequestHandler } from "express";
import session from "express-session";
import { createHub, requireUser, sse } from "express-sse-hub";
import passport from "passport";
import { Strategy } from "passport-local";

interface User {
  login: string;
  profile: "Administrator" | "Viewer";
}

// In your application: a table with hashed passwords. The user, which filters see, contains no password.
const accounts = new Map<string, User & { password: string }>([
  ["alice", { login: "alice", profile: "Administrator", password: "secret" }],
  ["bob", { login: "bob", profile: "Viewer", password: "secret" }],
]);

passport.use(
  new Strategy({ usernameField: "login" }, (login, password, done) => {
    const account = accounts.get(login);
    done(null, account?.password === password ? account : false);
  }),
);
passport.serializeUser((user, done) => {
  done(null, (user as User).login);
});
passport.deserializeUser((login: string, done) => {
  const account = accounts.get(login);
  done(null, account === undefined ? false : { login, profile: account.profile });
});

const app = express();
const hub = createHub();
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(passport.session());
// req.user becomes the user of the stream.
app.use(sse({ hub, static: `${import.meta.dirname}/passport` }));
app.use(express.json());

// Both start a new session. The hub notices it, ends the open streams, and the browsers reconnect.
app.post("/login", passport.authenticate("local") as RequestHandler, (_req, res) => {
  res.sendStatus(204);
});
app.post("/logout", (req, res, next) => {
  req.logout((error?: Error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});

app.get("/me", (req, res) => {
  res.json(req.sse.user ?? null);
});
app.get("/events", (req) => void req.sse.join());
app.post("/hello", requireUser(), async (_req, res) => {
  await hub.broadcast("message", "hello administrators", { profile: "Administrator" });
  await hub.broadcast("message", "hello everybody");
  res.sendStatus(204);
});

// The profile is in the table and not in the session, so the hub cannot see the change: tell it.
app.post("/demote/:login", requireUser({ profile: "Administrator" }), async (req, res) => {
  const { login } = req.params;
  const account = accounts.get(login);
  if (account) account.profile = "Viewer";
  await hub.refresh({ login });
  res.sendStatus(204);
});

hub.closeWith(app.listen(process.env.PORT ?? 3000));
