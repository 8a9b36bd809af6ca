/** A user of the demo. The login puts it into the session, so it becomes the stream's user. */
export interface Account {
  readonly login: string;
  readonly profile: "Administrator" | "Viewer";
}

/** All users who can sign in, by login. There are no passwords: the demo shows what happens after the login. */
export const accounts: ReadonlyMap<unknown, Account> = new Map([
  ["alice", { login: "alice", profile: "Administrator" }],
  ["bob", { login: "bob", profile: "Viewer" }],
]);
