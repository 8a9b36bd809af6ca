import type { EventLog } from "express-sse-hub";
import type { Shop } from "../support/shop.js";
import { PROFILES } from "./published.js";
import type { Random } from "./random.js";
import type { ModelReader } from "./reader.js";

/** Where the model's readers live. */
export interface World {
  readonly shop: Shop;
  readonly log: EventLog;
  readonly random: Random;
  /** Broadcasts so many events of every kind. */
  burst(count: number): Promise<void>;
}

type Change = (world: World, reader: ModelReader) => Promise<void>;

/** Changes something drawn about who a reader is; a stream that depends on it ends. */
export async function changeUser(world: World, reader: ModelReader): Promise<void> {
  const changes: Change[] =
    reader.user === undefined ? [logIn] : [promote, promote, logOut, refresh, disconnect, expire];
  await world.random.pick(changes)(world, reader);
}

/** The store goes away, somebody asks for a stream, and it comes back. */
export async function failStore({ shop }: World, reader: ModelReader): Promise<void> {
  const { cursor, cookie } = reader;
  shop.store.emit("disconnect");
  const stream = await shop.attempt("/model?rooms=", { cookie, lastEventId: cursor });
  await stream.closed;
  shop.store.emit("connect");
  if (stream.status !== 200 || stream.all.some(({ event }) => event !== "hub:tick")) {
    throw new Error(`${reader.name} was not put off, but got ${stream.raw}.`);
  }
}

const logIn: Change = async ({ shop, random }, reader) => {
  // A stream that nobody in particular opened has no session that could tell; the page opens anew.
  leave(reader);
  reader.user = { login: reader.name, profile: random.pick(PROFILES) };
  reader.cookie = await shop.signIn(reader.user);
};

const promote: Change = async (world, reader) => {
  const { login, profile } = reader.user ?? { login: reader.name, profile: "" };
  reader.user = { login, profile: PROFILES.find((other) => other !== profile) ?? profile };
  await post(world, reader, "/become", reader.user);
  await ended(world, reader);
};

const logOut: Change = async (world, reader) => {
  await post(world, reader, "/logout", {});
  await becomeNobody(world, reader);
};

const refresh: Change = async (world, reader) => {
  await world.shop.hub.refresh({ login: reader.user?.login });
  await ended(world, reader);
};

const disconnect: Change = async (world, reader) => {
  await world.shop.hub.disconnect({ login: reader.user?.login });
  await ended(world, reader);
  // The browser does not come back by itself: the page is loaded anew.
  reader.forgotten = reader.segments.length;
};

// As time would do it, behind everybody's back: found by the re-check, with no promise of when.
const expire: Change = async ({ shop }, reader) => {
  const id =
    decodeURIComponent(reader.cookie ?? "")
      .replace(/^[^=]*=s:/, "")
      .split(".")[0] ?? "";
  const { sessions } = shop.store as unknown as { sessions: Record<string, string> };
  const session = JSON.parse(sessions[id] ?? "{}") as { cookie?: object };
  sessions[id] = JSON.stringify({
    ...session,
    cookie: { ...session.cookie, expires: new Date(0) },
  });
  await readToEnd(reader);
  reader.user = undefined;
  reader.cookie = undefined;
};

async function becomeNobody(world: World, reader: ModelReader): Promise<void> {
  await ended(world, reader);
  reader.user = undefined;
  reader.cookie = undefined;
}

/** The answer has come: from here on nothing may reach the stream, which ends. */
export async function ended(
  world: Pick<World, "log" | "burst">,
  reader: ModelReader,
): Promise<void> {
  const { current } = reader;
  if (!reader.isHere || current === undefined) return;
  current.changedAt = world.log.head;
  await world.burst(5);
  await readToEnd(reader);
}

/** Reads what is left of a stream that ends. */
export async function readToEnd(reader: ModelReader): Promise<void> {
  if (!reader.isHere) return;
  reader.current?.stream.resume();
  await reader.current?.stream.closed;
  reader.isHere = false;
}

/** The page is closed. */
export function leave(reader: ModelReader): void {
  reader.current?.stream.close();
  reader.isHere = false;
}

async function post({ shop }: World, { cookie = "" }: ModelReader, path: string, body: object) {
  const headers = { cookie, "Content-Type": "application/json" };
  await fetch(`${shop.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}
