/** Somebody who can sign in to the demo. It goes into the session, and so becomes the stream's user. */
export interface Account {
  readonly login: string;
  readonly profile: "Administrator" | "Viewer";
}

/** Everybody who can sign in, by login. There are no passwords: the demo is about what comes after. */
export const accounts: ReadonlyMap<unknown, Account> = new Map([
  ["alice", { login: "alice", profile: "Administrator" }],
  ["bob", { login: "bob", profile: "Viewer" }],
]);
