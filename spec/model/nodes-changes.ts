import { setTimeout as wait } from "node:timers/promises";
import { cookieOf } from "../support/shop.js";
import type { NodesWorld } from "./nodes-world.js";
import { PROFILES } from "./published.js";
import type { ModelUser, RoamingReader } from "./roaming-reader.js";

/** Somebody signs in on any node; who has signed in is promoted, demoted or signs out. */
export async function changeUser(world: NodesWorld, reader: RoamingReader): Promise<void> {
  const { user } = reader;
  if (user === undefined) await logIn(world, reader);
  else if (world.random.chance(0.3)) await endUser(world, reader, user, undefined);
  else {
    const profile = PROFILES.find((other) => other !== user.profile) ?? user.profile;
    const next = { login: reader.name, profile, version: reader.nextVersion() };
    await endUser(world, reader, user, next);
  }
}

/** The streams of somebody are ended, on whatever node they are: to return, or for good. */
export async function recall(world: NodesWorld, { name, user }: RoamingReader): Promise<void> {
  const { ledger, nodes, random } = world;
  const requestedAt = ledger.now();
  const kind = random.pick(["refresh", "disconnect"] as const);
  const { life } = await insist(world, `/${kind}`, { login: name });
  ledger.changes.push({
    login: name,
    kind,
    version: user?.version ?? 0,
    requestedAt,
    answeredAt: ledger.now(),
    node: life,
    isTold: true,
  });
  await Promise.all(nodes.map((node) => world.publish(node, 2)));
}

/** Gives the cookie. */
export async function signIn(world: NodesWorld, user: ModelUser, cookie?: string): Promise<string> {
  const { res } = await insist(world, "/login", user, cookie);
  return cookieOf(res.headers.getSetCookie());
}

async function logIn(world: NodesWorld, reader: RoamingReader): Promise<void> {
  const { name: login, cookie } = reader;
  const user = { login, profile: world.random.pick(PROFILES), version: reader.nextVersion() };
  reader.cookie = await signIn(world, user, cookie);
  reader.user = user;
  // A stream that nobody in particular opened has no session that could tell.
  reader.reload();
}

async function endUser(
  world: NodesWorld,
  reader: RoamingReader,
  { login, version }: ModelUser,
  next: ModelUser | undefined,
): Promise<void> {
  const { ledger, nodes } = world;
  const requestedAt = ledger.now();
  const path = next === undefined ? "/logout" : "/become";
  const { life, res, isFirst } = await insist(world, path, next ?? {}, reader.cookie);
  reader.user = next;
  ledger.changes.push({
    login,
    kind: "user",
    version,
    requestedAt,
    answeredAt: ledger.now(),
    // A request that died may have changed the store without telling anybody; for the next one there
    // is nothing left to change, nor to tell.
    node: isFirst ? life : "",
    isTold: isFirst && res.headers.get("X-Untold") === "0",
  });
  await Promise.all(nodes.map((node) => world.publish(node, 3)));
}

// Asks one node after another, until one has done it.
async function insist(
  { nodes, random }: NodesWorld,
  path: string,
  body: object,
  cookie?: string,
): Promise<{ life: string; res: Response; isFirst: boolean }> {
  for (let attempt = 1; ; attempt += 1) {
    const node = random.pick(nodes);
    const { life } = node;
    const res = await node.post(path, body, cookie).catch(() => undefined);
    if (res !== undefined) return { life, res, isFirst: attempt === 1 };
    await wait(50);
  }
}
