import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type Request, type Response } from "express";
import { sse } from "express-sse-hub";
import { getIronSession } from "iron-session";
import { aWhile } from "./delays.js";
import type { Login, TrialUser } from "./login.js";

interface Content {
  user?: TrialUser;
  visits?: number;
}

const sessionOf = (req: IncomingMessage, res: ServerResponse) =>
  getIronSession<Content>(req, res, {
    cookieName: "session",
    password: "for the specs, 32 characters are the least",
    cookieOptions: { secure: false },
  });

/** The session in an encrypted cookie. The profile is in it, unless a table says otherwise. */
export function ironSession(): Login {
  const profiles = new Map<string, string>();
  return {
    mount(app, hub) {
      app.use(
        sse({
          hub,
          user: async (req) => {
            await aWhile();
            const { user } = await sessionOf(req, (req as Request).res as Response);
            if (user === undefined) return null;
            return { ...user, profile: profiles.get(user.login) ?? user.profile };
          },
          credential: "session",
        }),
        express.json(),
      );
      app.post("/login", async (req, res) => {
        const session = await sessionOf(req, res);
        session.user = req.body as TrialUser;
        await session.save();
        res.sendStatus(204);
      });
      app.post("/logout", async (req, res) => {
        (await sessionOf(req, res)).destroy();
        res.sendStatus(204);
      });
      app.post("/count", async (req, res) => {
        const session = await sessionOf(req, res);
        session.visits = (session.visits ?? 0) + 1;
        await session.save();
        res.sendStatus(204);
      });
      app.post("/demote", async (req, res) => {
        const session = await sessionOf(req, res);
        if (session.user !== undefined) session.user = { ...session.user, profile: "Viewer" };
        await session.save();
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
