import { randomUUID } from "node:crypto";
import express, { type Request, type Response } from "express";
import { sse } from "express-sse-hub";
import { decodeJwt, jwtVerify, SignJWT } from "jose";
import { aWhile } from "./delays.js";
import type { Login, TrialUser } from "./login.js";

const secret = new TextEncoder().encode("for the specs, 32 bytes are the least");

/** A JWT in a cookie, with jose. The profile is a claim of it. */
export function jwtCookie(): Login {
  const logins = new Map<string, TrialUser>();
  const cookieOf = ({ headers }: Pick<Request, "headers">) =>
    /(?:^|; )token=([^;]+)/.exec(headers.cookie ?? "")?.[1] ?? "";
  const sidOf = (req: Request) => String(decodeJwt(cookieOf(req)).sid);

  async function giveToken(res: Response, sid: string, { login, profile }: TrialUser) {
    logins.set(sid, { login, profile });
    const token = await new SignJWT({ sid, profile })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(login)
      .setJti(randomUUID())
      .setExpirationTime("5 min")
      .sign(secret);
    res.cookie("token", token).sendStatus(204);
  }

  return {
    mount(app, hub) {
      app.use(
        sse({
          hub,
          user: async (req) => {
            await aWhile();
            try {
              const { payload } = await jwtVerify(cookieOf(req), secret);
              await aWhile();
              if (!logins.has(String(payload.sid))) return null;
              const expiresAt = Number(payload.exp) * 1_000;
              return { login: payload.sub, profile: payload.profile, expiresAt };
            } catch {
              return null;
            }
          },
          credential: "token",
          verify: (_user, token) => aWhile().then(() => logins.has(String(decodeJwt(token).sid))),
        }),
        express.json(),
      );
      app.post("/login", (req, res) => giveToken(res, randomUUID(), req.body as TrialUser));
      app.post("/refresh", async (req, res) => {
        const sid = sidOf(req);
        await giveToken(res, sid, logins.get(sid) as TrialUser);
      });
      app.post("/demote", async (req, res) => {
        const sid = sidOf(req);
        await giveToken(res, sid, { ...(logins.get(sid) as TrialUser), profile: "Viewer" });
      });
      app.post("/logout", (req, res) => {
        logins.delete(sidOf(req));
        res.clearCookie("token").sendStatus(204);
      });
      app.post("/revoke", (req, res) => {
        logins.delete(sidOf(req));
        res.sendStatus(204);
      });
    },
    signIn: (browser) => browser.post("/login", browser.user),
    logOut: (browser) => browser.post("/logout"),
    demote: (browser) => browser.post("/demote"),
    roll: (browser) => browser.post("/refresh"),
    revoke: (browser) => browser.post("/revoke"),
  };
}
