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

/** What takes back the newest entry of a key. */
export function takingBack(retainKey: string): LogDraft {
  const audience = { rooms: [], filter: null, except: null };
  return { frame: Buffer.alloc(0), audience, retainKey, isVolatile: true };
}

/** What newcomers are given, as soon as it is this; otherwise what it is after a second or two. */
export async function retainedTexts(log: EventLog, wanted: readonly string[]): Promise<string[]> {
  const texts = () => [...log.retained].map(textOf);
  for (let tries = 0; tries < 150 && texts().join() !== wanted.join(); tries += 1) await sleep(10);
  return texts();
}

/** A follower that heeds nothing. */
export const idleFollower: LogFollower = {
  onMove: () => undefined,
  onNotice: () => undefined,
  onBreak: () => undefined,
  onQuestion: () => null,
  onError: () => undefined,
};

/** Appends, and gives the position. */
export async function append(log: EventLog, given: LogDraft): Promise<number> {
  return Number((await log.append(given)).split(".")[1]);
}

/** The data of an entry. */
export function textOf({ bytes }: LogEntry): string {
  return /data: (.*)\n\n$/.exec(bytes.toString())?.[1] ?? "";
}

/** From 0 on. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** Appends one after the other, and reads them. Gives the positions. */
export async function appendAll(log: EventLog, texts: readonly string[]): Promise<number[]> {
  const positions: number[] = [];
  for (const text of texts) positions.push(await append(log, draft(text)));
  await log.catchUp();
  return positions;
}

/** All there is after a position. */
export async function all(log: EventLog, after = 0): Promise<readonly LogEntry[]> {
  return (await log.read(after, 100_000_000)).entries;
}

/** An entry without what a log may keep beside it. */
export function plain({ position, bytes, audience, isVolatile }: LogEntry): unknown {
  return { position, text: bytes.toString(), audience, isVolatile };
}

/** The same of all there is. */
export async function allPlain(log: EventLog): Promise<unknown[]> {
  return (await all(log)).map(plain);
}
