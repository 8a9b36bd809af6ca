import cookieSession from "cookie-session";
import express from "express";
import { sse } from "express-sse-hub";
import { aWhile } from "./delays.js";
import type { Login, TrialUser } from "./login.js";

interface Content {
  user?: TrialUser;
  visits?: number;
}

/** The session in a signed cookie. The profile is in it, unless a table says otherwise. */
export function cookieSessionLogin(): Login {
  const profiles = new Map<string, string>();
  return {
    mount(app, hub) {
      const contentOf = ({ session }: object & { session?: unknown }) => (session ?? {}) as Content;
      app.use(cookieSession({ name: "session", secret: "spec", maxAge: 86_400_000 }));
      app.use(
        sse({
          hub,
          user: async (req) => {
            await aWhile();
            const { user } = contentOf(req);
            if (user === undefined) return null;
            return { ...user, profile: profiles.get(user.login) ?? user.profile };
          },
          credential: "session",
        }),
        express.json(),
      );
      app.post("/login", (req, res) => {
        Object.assign(req, { session: { user: req.body as TrialUser, since: Date.now() } });
        res.sendStatus(204);
      });
      app.post("/logout", (req, res) => {
        Object.assign(req, { session: null });
        res.sendStatus(204);
      });
      app.post("/count", (req, res) => {
        const content = contentOf(req);
        content.visits = (content.visits ?? 0) + 1;
        res.sendStatus(204);
      });
      app.post("/demote", (req, res) => {
        const content = contentOf(req);
        if (content.user !== undefined) content.user = { ...content.user, profile: "Viewer" };
        res.sendStatus(204);
      });
      app.post("/profiles/:login", async (req, res) => {
        const { login } = req.params;
        profiles.set(login, "Viewer");
        await hub.refresh({ login });
        res.sendStatus(204);
      });
    },
    signIn: (browser) => browser.post("/login", browser.user),
    logOut: (browser) => browser.post("/logout"),
    demote: (browser) => browser.post("/demote"),
    demoteElsewhere: (browser) => browser.post(`/profiles/${browser.user.login}`),
    roll: (browser) => browser.post("/count"),
  };
}
