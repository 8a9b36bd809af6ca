const OWN = [
  "logout-then-broadcast",
  "join-versus-logout",
  "away-then-logout",
  "behind-then-logout",
];
const DEMOTE = ["demote-then-broadcast", "join-versus-demote", "away-then-demote"];
const IN_A_TABLE = DEMOTE.map((name) => name.replace("demote", "demote-in-a-table"));
const ROLLING = "rolling under load";
const REVOKED = "revoked elsewhere, found by verify";

/**
 * The trials of each login. Where a kind is missing, it cannot be:
 *
 * - `demote`: the response to the user's own request shows that the profile is another one. Not where the profile is
 *   in a table (a bearer token, better-auth, passport).
 * - `demote-in-a-table`: nothing but a call of `hub.refresh()` can tell. Not where the profile is in the cookie alone.
 * - `rolling`: a response sets the cookie anew. A token in a header cannot be.
 * - `revoked`: with `verify` only, and with `revalidateMs` as the bound.
 */
export const KINDS: Readonly<Record<string, readonly string[]>> = {
  "a cookie of the application's own": [...OWN, ...DEMOTE, ROLLING],
  "cookie-session": [...OWN, ...DEMOTE, ...IN_A_TABLE, ROLLING],
  "iron-session": [...OWN, ...DEMOTE, ...IN_A_TABLE, ROLLING],
  "jose, in a cookie": [...OWN, ...DEMOTE, ROLLING, REVOKED],
  "jose, in a header": [...OWN, ...IN_A_TABLE, REVOKED],
  "better-auth": [...OWN, ...IN_A_TABLE, ROLLING, REVOKED],
  "express-openid-connect": [...OWN, ...DEMOTE, ROLLING],
  passport: [...OWN, ...IN_A_TABLE, ROLLING],
};
