import type { LogDraft } from "../log/event-log.js";
import { isForNobody } from "../log/retained.js";

/** What becomes of what is kept for newcomers under a key. */
export interface Retain {
  readonly key: string;
  /** Milliseconds after which it is not given any more; 0: it is taken back; `null`: no limit. */
  readonly keepMs: number | null;
}

/** What a draft keeps; `null` for nothing. */
export function retainOf({ retainKey: key, retainMs, audience }: LogDraft): Retain | null {
  if (key === null) return null;
  return { key, keepMs: isForNobody(audience) ? 0 : (retainMs ?? null) };
}
