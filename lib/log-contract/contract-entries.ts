import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog, LogDraft, LogEntry, LogFollower } from "../log/event-log.js";

/** An event for everybody. */
export function draft(text: string): LogDraft {
  return {
    frame: Buffer.from(`data: ${text}\n\n`),
    audience: { rooms: null, filter: null, except: null },
    retainKey: null,
    isVolatile: false,
  };
}

/** An entry that clears a retain key. */
export function clearingDraft(retainKey: string): LogDraft {
  const audience = { rooms: [], filter: null, except: null };
  return { frame: Buffer.alloc(0), audience, retainKey, isVolatile: true };
}

/** The texts of the retained entries, as soon as they are the wanted ones; otherwise as they are after 10 s. */
export async function retainedTexts(log: EventLog, wanted: readonly string[]): Promise<string[]> {
  const texts = () => [...log.retained].map(textOf);
  for (let tries = 0; tries < 1_000 && texts().join() !== wanted.join(); tries += 1)
    await sleep(10);
  return texts();
}

/** A follower that does nothing. */
export const idleFollower: LogFollower = {
  onMove: () => undefined,
  onNotice: () => undefined,
  onBreak: () => undefined,
  onQuestion: () => null,
  onError: () => undefined,
};

/** Appends an entry and returns its position. */
export async function append(log: EventLog, given: LogDraft): Promise<number> {
  return Number((await log.append(given)).split(".")[1]);
}

/** The data of an entry. */
export function textOf({ bytes }: LogEntry): string {
  return /data: (.*)\n\n$/.exec(bytes.toString())?.[1] ?? "";
}

/** The numbers from 0 to `count - 1`. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** Appends entries one after the other and waits until they are read. Returns their positions. */
export async function appendAll(log: EventLog, texts: readonly string[]): Promise<number[]> {
  const positions: number[] = [];
  for (const text of texts) positions.push(await append(log, draft(text)));
  await log.catchUp();
  return positions;
}

/** All entries after a position. */
export async function all(log: EventLog, after = 0): Promise<readonly LogEntry[]> {
  return (await log.read(after, 100_000_000)).entries;
}

/** An entry without the members that a log may add. */
export function plain({ position, bytes, audience, isVolatile }: LogEntry): unknown {
  return { position, text: bytes.toString(), audience, isVolatile };
}

/** All entries, without the members that a log may add. */
export async function allPlain(log: EventLog): Promise<unknown[]> {
  return (await all(log)).map(plain);
}
