import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import express from "express";
import { requireUser, sse } from "express-sse-hub";
import { decodeJwt, jwtVerify, SignJWT } from "jose";
import { aWhile } from "./delays.js";
import type { Login, TrialUser } from "./login.js";

const secret = new TextEncoder().encode("for the specs, 32 bytes are the least");

/** A token in a header. The profile is in a table. No response can take a token away: the application tells. */
export function bearer(): Login {
  const profiles = new Map<string, string>();
  const revoked = new Set<string>();
  const tokenOf = ({ headers }: IncomingMessage) =>
    /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
  const isRevoked = (token: string) => revoked.has(String(decodeJwt(token).jti));

  return {
    mount(app, hub) {
      app.use(
        sse({
          hub,
          user: async (req) => {
            await aWhile();
            try {
              const { payload } = await jwtVerify(tokenOf(req), secret);
              const login = String(payload.sub);
              await aWhile();
              if (isRevoked(tokenOf(req))) return null;
              const expiresAt = Number(payload.exp) * 1_000;
              return { login, profile: profiles.get(login), expiresAt };
            } catch {
              return null;
            }
          },
          credential: tokenOf,
          verify: (_user, token) => aWhile().then(() => !isRevoked(token)),
        }),
        express.json(),
      );
      app.post("/login", async (req, res) => {
        const { login, profile } = req.body as TrialUser;
        profiles.set(login, profile);
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
        await hub.refresh({ login: (req.sse.user as { login?: string }).login ?? "" });
        res.sendStatus(204);
      });
      app.post("/profiles/:login", async (req, res) => {
        const { login } = req.params;
        profiles.set(login, "Viewer");
        await hub.refresh({ login });
        res.sendStatus(204);
      });
      app.post("/revoke", (req, res) => {
        revoked.add(String(decodeJwt(tokenOf(req)).jti));
        res.sendStatus(204);
      });
    },
    signIn: async (browser) => {
      const { token } = (await (await browser.post("/login", browser.user)).json()) as {
        token: string;
      };
      browser.headers = { Authorization: `Bearer ${token}` };
    },
    logOut: (browser) => browser.post("/logout"),
    demoteElsewhere: (browser) => browser.post(`/profiles/${browser.user.login}`),
    revoke: (browser) => browser.post("/revoke"),
  };
}
