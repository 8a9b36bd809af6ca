const NAMES = ["name", "displayName", "username", "login", "email", "id", "sub"] as const;

/** What to call a user: the first field of its tag that looks like a name. */
export function nameOf(user: Readonly<Record<string, unknown>>): string {
  const key = NAMES.find((name) => ["string", "number"].includes(typeof user[name]));
  return key === undefined ? "User" : String(user[key]);
}
