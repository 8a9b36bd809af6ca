import type { LogDraft } from "../log/event-log.js";
import { isForNobody } from "../log/retained.js";

/** What an entry changes about the retained events. */
export interface Retain {
  readonly key: string;
  /** Milliseconds for which the entry is retained under the key. `null`: no limit. 0: the key is cleared. */
  readonly keepMs: number | null;
}

/** What a draft changes about the retained events; `null` for nothing. */
export function retainOf({ retainKey: key, retainMs, audience }: LogDraft): Retain | null {
  if (key === null) return null;
  return { key, keepMs: isForNobody(audience) ? 0 : (retainMs ?? null) };
}
