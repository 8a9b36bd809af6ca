import { createHash } from "node:crypto";

// As the browser client names a tab that shares its connection with others: see client/tab-name.ts.
const TAB_NAME = /^tab\.\d{1,40}$/;

/**
 * What marks an event that is not for a tab, in the field `except`: the hash of the tab's name, so that who
 * reads the event cannot speak in the name of the tab. `undefined` where a connection is named, not a tab.
 */
export function tabMarkOf(name: string | null): string | undefined {
  if (name === null || !TAB_NAME.test(name)) return undefined;
  return [...createHash("sha256").update(name).digest()].join("");
}
