// Users in the signed cookie of cookie-session. Start node --import tsx demo/recipes/cookie-session.ts and open
// http://localhost:3000 in two windows.
import cookieSession from "cookie-session";
import express from "express";
import { createHub, requireUser, sse } from "express-sse-hub";

// In your application: a table with hashed passwords. The user, which filters see, contains no password.
const accounts = new Map([
  ["alice", { login: "alice", profile: "Administrator", password: "secret" }],
  ["bob", { login: "bob", profile: "Viewer", password: "secret" }],
]);

const app = express();
const hub = createHub();
app.use(cookieSession({ name: "session", secret: "change me", maxAge: 86_400_000 }));
app.use(
  sse({
    hub,
    static: `${import.meta.dirname}/passport`,
    // Or leave `user` out, and store the user itself as req.session.user.
    user: (req) => {
      const { login = "" } = (req.session ?? {}) as { login?: string };
      const account = accounts.get(login);
      return account === undefined ? null : { login, profile: account.profile };
    },
    // cookie-session keeps nothing on the server: the cookie is the session.
    credential: "session",
  }),
  express.json(),
);

app.post("/login", (req, res) => {
  const { login, password } = req.body as { login: string; password: string };
  if (accounts.get(login)?.password !== password) return void res.sendStatus(401);
  // Another value at each login, so that a logout is one of this browser only.
  Object.assign(req, { session: { login, since: Date.now() } });
  res.sendStatus(204);
});
app.post("/logout", (req, res) => {
  Object.assign(req, { session: null });
  res.sendStatus(204);
});
// What else is in the session may change: the streams go on.
app.post("/count", (req, res) => {
  const { visits = 0 } = req.session as unknown as { visits?: number };
  Object.assign(req.session, { visits: visits + 1 });
  res.sendStatus(204);
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
// The profile is in the table and not in the cookie, so the hub cannot see the change: tell it.
app.post("/demote/:login", requireUser({ profile: "Administrator" }), async (req, res) => {
  const { login } = req.params;
  const account = accounts.get(login);
  if (account) account.profile = "Viewer";
  await hub.refresh({ login });
  res.sendStatus(204);
});

app.listen(process.env.PORT ?? 3000);
