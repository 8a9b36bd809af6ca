/** The session's id in the cookie of express-session. */
export function sessionIdOf(cookie: string): string {
  const [, value = ""] = cookie.split("=", 2);
  return decodeURIComponent(value).slice("s:".length).split(".", 1).join();
}
