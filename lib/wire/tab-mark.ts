import { createHash } from "node:crypto";

// The form of the names that the browser client gives to tabs that share a connection: see client/tab-name.ts.
const TAB_NAME = /^tab\.\d{1,40}$/;

/**
 * The value of the field `except` in an event that is not for a tab: a hash of the tab's name, so that readers of the
 * event cannot use the name. `undefined` if the name is the id of a connection, not of a tab.
 */
export function tabMarkOf(name: string | null): string | undefined {
  if (name === null || !TAB_NAME.test(name)) return undefined;
  return [...createHash("sha256").update(name).digest()].join("");
}
