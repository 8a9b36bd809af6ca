// Users in the encrypted cookie of iron-session. Start node --import tsx demo/recipes/iron-session.ts and open
// http://localhost:3000 in two windows.
import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type Request, type Response } from "express";
import { createHub, requireUser, sse } from "express-sse-hub";
import { getIronSession } from "iron-session";

interface Login {
  login?: string;
  visits?: number;
}

// In your application: a table with hashed passwords. The user, which filters see, contains no password.
const accounts = new Map([
  ["alice", { login: "alice", profile: "Administrator", password: "secret" }],
  ["bob", { login: "bob", profile: "Viewer", password: "secret" }],
]);
const options = {
  cookieName: "session",
  password: "change me, 32 characters are the least",
  cookieOptions: { secure: process.env.NODE_ENV === "production" },
};
const sessionOf = (req: IncomingMessage, res: ServerResponse) =>
  getIronSession<Login>(req, res, options);

const app = express();
const hub = createHub();
app.use(
  sse({
    hub,
    static: `${import.meta.dirname}/passport`,
    // The cookie is decrypted here, and nowhere before: the hub also asks for one that a response is about to set.
    user: async (req) => {
      const { login = "" } = await sessionOf(req, (req as Request).res as Response);
      const account = accounts.get(login);
      return account === undefined ? null : { login, profile: account.profile };
    },
    // iron-session keeps nothing on the server: the cookie is the session.
    credential: "session",
  }),
  express.json(),
);

app.post("/login", async (req, res) => {
  const { login, password } = req.body as { login: string; password: string };
  if (accounts.get(login)?.password !== password) return void res.sendStatus(401);
  const session = await sessionOf(req, res);
  session.login = login;
  await session.save();
  res.sendStatus(204);
});
app.post("/logout", async (req, res) => {
  (await sessionOf(req, res)).destroy();
  res.sendStatus(204);
});
// Each save encrypts the session anew, into another value: the streams go on.
app.post("/count", async (req, res) => {
  const session = await sessionOf(req, res);
  session.visits = (session.visits ?? 0) + 1;
  await session.save();
  res.sendStatus(204);
});

app.get("/me", async (req, res) => {
  res.json((await req.sse.identify()) ?? null);
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
