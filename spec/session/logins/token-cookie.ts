import express from "express";
import { sse } from "express-sse-hub";
import { tokenOf, userOf } from "../../support/token-shop.js";
import { aWhile } from "./delays.js";
import type { Login, TrialUser } from "./login.js";

const asViewer = (user: TrialUser) => ({ ...user, profile: "Viewer" });

/** No library: a cookie that the application writes by itself. */
export function tokenCookie(): Login {
  return {
    mount(app, hub) {
      app.use(sse({ hub, user: (req) => aWhile().then(() => userOf(req)), credential: "token" }));
      app.use(express.json());
      app.post("/become", (req, res) => {
        res.cookie("token", tokenOf(req.body as TrialUser)).sendStatus(204);
      });
      app.post("/logout", (_req, res) => {
        res.clearCookie("token").sendStatus(204);
      });
    },
    signIn: (browser) => browser.post("/become", browser.user),
    logOut: (browser) => browser.post("/logout"),
    demote: (browser) => browser.post("/become", asViewer(browser.user)),
    roll: (browser) => browser.post("/become", browser.user),
  };
}
