import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import { admin } from "better-auth/plugins";
import express from "express";
import { sse, type Hub } from "express-sse-hub";
import { aWhile } from "./delays.js";
import type { Login } from "./login.js";

const ORIGIN = "http://localhost";
const COOKIE = "better-auth.session_token";

/** better-auth, whose sessions and roles are in a database in memory. */
export function betterAuthLogin(): Login {
  const hubs: Hub[] = [];
  const auth = betterAuth({
    baseURL: ORIGIN,
    secret: "for the specs, 32 characters are the least",
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    emailAndPassword: {
      enabled: true,
      // Hashing is slow on purpose; here, thousands sign up.
      password: {
        hash: (password) => Promise.resolve(`plain ${password}`),
        verify: ({ hash, password }) => Promise.resolve(hash === `plain ${password}`),
      },
    },
    // With each request that asks who it is, the session lasts longer, and its cookie is set again.
    session: { updateAge: 0 },
    rateLimit: { enabled: false },
    plugins: [admin()],
    databaseHooks: {
      user: {
        create: { before: (user) => Promise.resolve({ data: { ...user, role: "admin" } }) },
        // Whoever changes a role: any of the nodes tells all.
        update: { after: async ({ email }) => hubs[0]?.refresh({ login: loginOf(email) }) },
      },
    },
  });
  const context = auth.$context;
  return {
    mount(app, hub) {
      hubs.push(hub);
      app.use(
        sse({
          hub,
          user: async (req) => {
            await aWhile();
            const headers = fromNodeHeaders(req.headers);
            const found = await auth.api.getSession({ headers, query: { disableRefresh: true } });
            if (found === null) return null;
            const { email, role } = found.user;
            const profile = role === "admin" ? "Administrator" : "Viewer";
            return { login: loginOf(email), profile, expiresAt: found.session.expiresAt };
          },
          credential: COOKIE,
          allowedOrigins: [ORIGIN],
          verify: async (_user, value) => {
            await aWhile();
            const headers = new Headers({ cookie: `${COOKIE}=${encodeURIComponent(value)}` });
            const query = { disableRefresh: true };
            return (await auth.api.getSession({ headers, query })) !== null;
          },
        }),
      );
      app.all("/api/auth/*splat", toNodeHandler(auth));
      app.use(express.json());
      app.post("/roles/:login", async (req, res) => {
        const { internalAdapter } = await context;
        const found = await internalAdapter.findUserByEmail(emailOf(req.params.login));
        await internalAdapter.updateUser(found?.user.id ?? "", { role: "user" });
        res.sendStatus(204);
      });
      app.post("/revoke/:login", async (req, res) => {
        const { internalAdapter } = await context;
        const found = await internalAdapter.findUserByEmail(emailOf(req.params.login));
        await internalAdapter.deleteUserSessions(found?.user.id ?? "");
        res.sendStatus(204);
      });
    },
    signIn: (browser) => {
      const { login } = browser.user;
      // It takes requests with cookies from pages of its own origin only.
      browser.headers = { Origin: ORIGIN };
      const account = { name: login, email: emailOf(login), password: "secret-secret" };
      return browser.post("/api/auth/sign-up/email", account);
    },
    logOut: (browser) => browser.post("/api/auth/sign-out"),
    demoteElsewhere: (browser) => browser.post(`/roles/${browser.user.login}`),
    roll: (browser) => browser.get("/api/auth/get-session"),
    revoke: (browser) => browser.post(`/revoke/${browser.user.login}`),
  };
}

function emailOf(login: string): string {
  return `${login}@example.com`;
}

function loginOf(email: string): string {
  return email.split("@", 1).join();
}
