import express, { type RequestHandler } from "express";
import { sse } from "express-sse-hub";
import session, { MemoryStore } from "express-session";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { Random } from "../../model/random.js";
import { withDelays } from "../../support/delays.js";
import type { Login, TrialUser } from "./login.js";

/** passport, with express-session and a slow store. The profile is in a table. */
export function passportLogin(): Login {
  const profiles = new Map<string, string>();
  // As stores in Redis do: each node has an object of its own, and all have the same sessions.
  const { sessions } = new MemoryStore() as unknown as { sessions: object };
  const passport = new Passport();
  passport.use(
    new Strategy({ usernameField: "login", passwordField: "profile" }, (login, profile, done) => {
      profiles.set(login, profile);
      done(null, { login, profile });
    }),
  );
  passport.serializeUser((user, done) => {
    done(null, (user as TrialUser).login);
  });
  passport.deserializeUser((login: string, done) => {
    setImmediate(() => {
      done(null, { login, profile: profiles.get(login) });
    });
  });
  return {
    mount(app, hub) {
      const store = withDelays(Object.assign(new MemoryStore(), { sessions }), new Random(7));
      app.use(
        session({
          secret: "spec",
          resave: false,
          saveUninitialized: false,
          rolling: true,
          cookie: { maxAge: 86_400_000 },
          store,
        }),
      );
      app.use(passport.session() as RequestHandler);
      app.use(sse({ hub }));
      app.use(express.json());
      app.post("/login", passport.authenticate("local") as RequestHandler, (_req, res) => {
        res.sendStatus(204);
      });
      app.post("/logout", (req, res, next) => {
        req.logout((error?: Error) => {
          if (error) next(error);
          else res.sendStatus(204);
        });
      });
      app.post("/count", (req, res) => {
        const { visits = 0 } = req.session as { visits?: number };
        Object.assign(req.session, { visits: visits + 1 });
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
    demoteElsewhere: (browser) => browser.post(`/profiles/${browser.user.login}`),
    roll: (browser) => browser.post("/count"),
  };
}
