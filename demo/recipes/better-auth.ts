// Users of better-auth. Start node --import tsx demo/recipes/better-auth.ts and open http://localhost:3000 in two
// windows: sign up as alice@example.com in one, and as anybody else in the other.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import { admin } from "better-auth/plugins";
import express from "express";
import { createHub, requireUser, sse } from "express-sse-hub";

const { PORT = "3000" } = process.env;
const hub = createHub({ revalidateMs: 5_000 });
const auth = betterAuth({
  baseURL: `http://localhost:${PORT}`,
  secret: "change me, 32 characters are the least",
  // In your application: a database. This one is gone with the process.
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  plugins: [admin()],
  databaseHooks: {
    user: {
      create: {
        before: (user) => {
          const role = user.email.startsWith("alice@") ? "admin" : "user";
          return Promise.resolve({ data: { ...user, role } });
        },
      },
      // Roles and bans are in the database, where the hub cannot see them: tell it.
      update: { after: ({ id }) => hub.refresh({ id }) },
    },
  },
});
const COOKIE = "better-auth.session_token";

const app = express();
// Before better-auth, which signs in and out: the hub watches the responses that set the cookie.
app.use(
  sse({
    hub,
    static: `${import.meta.dirname}/better-auth`,
    user: async (req) => {
      const found = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) });
      if (found === null) return null;
      const { id, email, role } = found.user;
      return { id, email, role, expiresAt: found.session.expiresAt };
    },
    // On HTTPS, the name has a prefix.
    credential: [`__Secure-${COOKIE}`, COOKIE],
    // What no response of this browser tells of takes effect within revalidateMs: sessions that are revoked or
    // deleted on another device.
    verify: async (_user, value) => {
      const headers = new Headers({ cookie: `${COOKIE}=${encodeURIComponent(value)}` });
      return (await auth.api.getSession({ headers, query: { disableCookieCache: true } })) !== null;
    },
  }),
);
// Express 4 takes "/api/auth/*".
app.all("/api/auth/*splat", toNodeHandler(auth));

app.get("/events", (req) => void req.sse.join());
app.post("/hello", requireUser(), async (_req, res) => {
  await hub.broadcast("message", "hello administrators", { role: "admin" });
  await hub.broadcast("message", "hello everybody");
  res.sendStatus(204);
});

app.listen(PORT);
