// A token in the Authorization header. Start node --import tsx demo/recipes/bearer.ts and open
// http://localhost:3000.
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import express from "express";
import { createHub, requireUser, sse } from "express-sse-hub";
import { decodeJwt, jwtVerify, SignJWT } from "jose";

// In your application: a table with hashed passwords.
const accounts = new Map([
  ["alice", { login: "alice", profile: "Administrator", password: "secret" }],
  ["bob", { login: "bob", profile: "Viewer", password: "secret" }],
]);
// In your application: a table, which all nodes read. Entries may go once the token has expired.
const revoked = new Set<string>();
const secret = new TextEncoder().encode("change me, 32 bytes are the least");

const app = express();
const hub = createHub({ revalidateMs: 5_000 });

app.use(
  sse({
    hub,
    static: `${import.meta.dirname}/bearer`,
    user: async (req) => {
      try {
        const { payload } = await jwtVerify(tokenOf(req), secret);
        const account = accounts.get(String(payload.sub));
        if (account === undefined || revoked.has(String(payload.jti))) return null;
        const expiresAt = Number(payload.exp) * 1_000;
        return { login: account.login, profile: account.profile, expiresAt };
      } catch {
        return null;
      }
    },
    credential: tokenOf,
    // A page that forgets its token tells nobody. What is revoked takes effect within revalidateMs.
    verify: (_user, token) => !revoked.has(String(decodeJwt(token).jti)),
  }),
  express.json(),
);

app.post("/login", async (req, res) => {
  const { login, password } = req.body as { login: string; password: string };
  if (accounts.get(login)?.password !== password) return void res.sendStatus(401);
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(login)
    .setJti(randomUUID())
    .setExpirationTime("5 min")
    .sign(secret);
  res.json({ token });
});
app.post("/logout", requireUser(), async (req, res) => {
  revoked.add(String(decodeJwt(tokenOf(req)).jti));
  // No response tells the hub, so do: all streams of this user end at once. Those of other devices reconnect.
  const { login } = req.sse.user as { login: string };
  await hub.refresh({ login });
  res.sendStatus(204);
});
// As another service would do it, which has no hub.
app.post("/revoke", requireUser(), (req, res) => {
  revoked.add(String(decodeJwt(tokenOf(req)).jti));
  res.sendStatus(204);
});

app.get("/events", requireUser(), (req) => void req.sse.join());
app.post("/hello", requireUser(), async (_req, res) => {
  await hub.broadcast("message", "hello administrators", { profile: "Administrator" });
  await hub.broadcast("message", "hello everybody");
  res.sendStatus(204);
});

function tokenOf({ headers }: IncomingMessage): string {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}

app.listen(process.env.PORT ?? 3000);
