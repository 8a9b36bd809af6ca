// A JWT in a cookie, made by jose, with refresh tokens that are used once. Start
// node --import tsx demo/recipes/jwt-cookie.ts and open http://localhost:3000 in two windows.
import { randomUUID } from "node:crypto";
import express, { type Request, type Response } from "express";
import { createHub, requireUser, sse } from "express-sse-hub";
import { decodeJwt, jwtVerify, SignJWT } from "jose";

// In your application: a table with hashed passwords.
const accounts = new Map([
  ["alice", { login: "alice", profile: "Administrator", password: "secret" }],
  ["bob", { login: "bob", profile: "Viewer", password: "secret" }],
]);
// In your application: a table of logins. A login has one refresh token at a time.
const logins = new Map<string, { login: string; refresh: string }>();
const secret = new TextEncoder().encode("change me, 32 bytes are the least");
const LIFETIME_S = Number(process.env.LIFETIME_S ?? 300);

const app = express();
const hub = createHub({ revalidateMs: 5_000 });

// Before what signs in and out: the hub watches the responses that set the cookie.
app.use(
  sse({
    hub,
    static: `${import.meta.dirname}/passport`,
    // The hub also asks for a cookie that a response is about to set: read it from the request you are given.
    user: async (req) => {
      try {
        const { payload } = await jwtVerify(cookieOf(req, "token"), secret);
        const account = accounts.get(String(payload.sub));
        // As `verify`: or else the page returns with a token that is refused, again and again.
        if (account === undefined || !logins.has(String(payload.sid))) return null;
        const expiresAt = Number(payload.exp) * 1_000;
        return { login: account.login, profile: account.profile, expiresAt };
      } catch {
        return null;
      }
    },
    credential: "token",
    // What is revoked here, or on another machine, takes effect within revalidateMs.
    verify: (_user, token) => logins.has(String(decodeJwt(token).sid)),
  }),
  express.json(),
);

app.post("/login", async (req, res) => {
  const { login, password } = req.body as { login: string; password: string };
  if (accounts.get(login)?.password !== password) return void res.sendStatus(401);
  await giveTokens(res, { login, id: randomUUID() });
  res.sendStatus(204);
});
// The streams of the page go on under the new token.
app.post("/refresh", async (req, res) => {
  const [id = "", refresh] = cookieOf(req, "refresh").split(".");
  const known = logins.get(id);
  // A token that is used twice was stolen: the login is over.
  if (known === undefined || known.refresh !== refresh) {
    logins.delete(id);
    return void res.sendStatus(401);
  }
  await giveTokens(res, { login: known.login, id });
  res.sendStatus(204);
});
app.post("/logout", (req, res) => {
  logins.delete(cookieOf(req, "refresh").split(".")[0] ?? "");
  res.clearCookie("token").clearCookie("refresh").sendStatus(204);
});
app.post("/revoke/:login", requireUser({ profile: "Administrator" }), (req, res) => {
  for (const [id, { login }] of logins) if (login === req.params.login) logins.delete(id);
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

async function giveTokens(res: Response, { login, id }: { login: string; id: string }) {
  const refresh = randomUUID();
  logins.set(id, { login, refresh });
  const token = await new SignJWT({ sid: id })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(login)
    .setJti(randomUUID())
    .setExpirationTime(`${LIFETIME_S} s`)
    .sign(secret);
  const safe = { httpOnly: true, sameSite: "lax" } as const;
  res.cookie("token", token, { ...safe, maxAge: LIFETIME_S * 1_000 });
  res.cookie("refresh", `${id}.${refresh}`, { ...safe, maxAge: 30 * 86_400_000 });
}

function cookieOf({ headers }: Pick<Request, "headers">, name: string): string {
  const pairs = (headers.cookie ?? "").split("; ").map((pair) => pair.split("="));
  return pairs.find(([key]) => key === name)?.[1] ?? "";
}

app.listen(process.env.PORT ?? 3000);
