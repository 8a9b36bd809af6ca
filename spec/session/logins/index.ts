import type { Login } from "./login.js";

/** The logins by the name of their library. Each is loaded when it is used: some libraries are large. */
export const LOGINS: Readonly<Record<string, () => Promise<Login>>> = {
  "a cookie of the application's own": async () =>
    (await import("./token-cookie.js")).tokenCookie(),
  "cookie-session": async () => (await import("./cookie-session.js")).cookieSessionLogin(),
  "iron-session": async () => (await import("./iron-session.js")).ironSession(),
  "jose, in a cookie": async () => (await import("./jwt-cookie.js")).jwtCookie(),
  "jose, in a header": async () => (await import("./bearer.js")).bearer(),
  "better-auth": async () => (await import("./better-auth.js")).betterAuthLogin(),
  "express-openid-connect": async () => (await import("./openid-connect.js")).openidConnect(),
  passport: async () => (await import("./passport.js")).passportLogin(),
};
