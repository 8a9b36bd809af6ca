import { createHmac } from "node:crypto";

const USER_BYTES = 600;
export const SECRET = "bench";
export const GROUPS = 100;

/** The user of the session with that number: 600 bytes of JSON; one of a hundred is in group 0. */
export function user(number) {
  const fields = { id: number, group: number % GROUPS, name: `User ${number}`, about: "" };
  return { ...fields, about: "x".repeat(USER_BYTES - JSON.stringify(fields).length) };
}

/** Stores the sessions 0 to count - 1, each with its user. */
export async function storeSessions(store, count) {
  for (let number = 0; number < count; number += 1) {
    const cookie = { originalMaxAge: null, path: "/", httpOnly: true };
    await new Promise((resolve) => {
      store.set(`bench-${number}`, { cookie, user: user(number) }, resolve);
    });
  }
}

/** The header with which a browser shows that it has a session. */
export function cookieHeader(number) {
  const id = `bench-${number}`;
  const signature = createHmac("sha256", SECRET).update(id).digest("base64").replace(/=+$/, "");
  return `Cookie: connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`;
}
