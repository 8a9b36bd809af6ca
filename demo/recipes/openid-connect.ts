// Users of an OpenID Connect provider, with express-openid-connect. Start it with the ISSUER, CLIENT_ID and
// CLIENT_SECRET of your provider: node --import tsx demo/recipes/openid-connect.ts and open http://localhost:3000.
import express from "express";
import expressOpenidConnect from "express-openid-connect";
import { createHub, requireUser, sse } from "express-sse-hub";

const { auth } = expressOpenidConnect;
const { PORT = "3000", ISSUER = "http://localhost:3001" } = process.env;
const { CLIENT_ID = "recipe", CLIENT_SECRET = "change me" } = process.env;
// Without a request for so long, a session is over.
const IDLE_S = Number(process.env.IDLE_S ?? 86_400);
const LONGEST_S = 7 * 86_400;

const app = express();
const hub = createHub();
// Before auth(), which signs in and out: the hub watches the responses that set the cookie.
app.use(
  sse({
    hub,
    static: `${import.meta.dirname}/openid-connect`,
    user: (req) => {
      const { idTokenClaims } = req.oidc;
      if (idTokenClaims === undefined) return null;
      const { sub, profile, iat } = idTokenClaims;
      // An open stream is no request: it ends with the session, unless other requests prolong that.
      const expiresAt = Math.min(Date.now() + IDLE_S * 1_000, (iat + LONGEST_S) * 1_000);
      return { sub, profile, expiresAt };
    },
    // Encrypted anew in every response, and in parts if it is long: appSession.0, appSession.1.
    credential: "appSession",
  }),
);
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: `http://localhost:${PORT}`,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: "change me, 32 characters are the least",
    authRequired: false,
    authorizationParams: { response_type: "code", scope: "openid profile" },
    session: { rolling: true, rollingDuration: IDLE_S, absoluteDuration: LONGEST_S },
  }),
);

app.get("/me", (req, res) => {
  res.json(req.sse.user ?? null);
});
app.get("/events", (req) => void req.sse.join());
app.post("/hello", requireUser(), async (_req, res) => {
  await hub.broadcast("message", "hello administrators", { profile: "Administrator" });
  await hub.broadcast("message", "hello everybody");
  res.sendStatus(204);
});

app.listen(PORT);
