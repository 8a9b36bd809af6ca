import type { StreamConnection } from "../connection/stream-connection.js";
import type { ReturnVerdict } from "../log/cursor.js";
import { keptUserKeyOf, type User } from "../user/user.js";
import type { NodeName } from "./node-name.js";

/** An open connection of a user, as the dashboard shows it. */
export interface ConnectionDetails {
  /** The key of the user, from `userKeyOf()`. */
  readonly key: string;
  readonly user: User;
  /** The connection's id. */
  readonly id: string;
  readonly node: NodeName;
  /** When it was opened, on the node's clock, milliseconds since 1970. */
  readonly since: number;
  readonly rooms: readonly string[];
  /** The verdict on the browser's cursor; `null` for a stream of `req.sse.open()`. */
  readonly verdict: ReturnVerdict | null;
  /** True while it is not at the head of the log, because it is new or slow. */
  readonly isBehind: boolean;
  /** Left out unless the question asks for it and the node keeps addresses. */
  readonly address?: string;
}

/** What {@link detailsOf} needs. */
export interface DetailsParts {
  readonly node: NodeName;
  readonly connections: Iterable<StreamConnection>;
  /** Returns `undefined` if the address must not be told. */
  readonly addressOf: (connection: StreamConnection) => string | undefined;
}

/** Describes the open connections of these users. @param keys the keys of the users, from `userKeyOf()` */
export function detailsOf(
  { node, connections, addressOf }: DetailsParts,
  keys: readonly string[],
): ConnectionDetails[] {
  const asked = new Set(keys);
  const all: ConnectionDetails[] = [];
  for (const connection of connections) {
    const { user, isOpened, isOwn } = connection;
    if (user === undefined || !isOpened) continue;
    const key = keptUserKeyOf(user);
    if (!asked.has(key)) continue;
    const address = addressOf(connection);
    all.push({
      key,
      user,
      node,
      id: connection.id,
      since: connection.openedAt,
      rooms: [...connection.rooms],
      verdict: isOwn ? null : connection.verdict,
      isBehind: !isOwn && !connection.isLive,
      ...(address === undefined ? {} : { address }),
    });
  }
  return all;
}

/** Merges the answers of all nodes to one list, the oldest connections first. */
export function mergeDetails(answers: readonly unknown[]): ConnectionDetails[] {
  return answers
    .flat()
    .filter(isDetails)
    .sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));
}

// A node of another version may have answered something else, and a process that only publishes answers nothing.
function isDetails(value: unknown): value is ConnectionDetails {
  if (typeof value !== "object" || value === null) return false;
  const { key, id, since, rooms, node, user } = value as Partial<ConnectionDetails>;
  const areTexts = typeof key === "string" && typeof id === "string";
  const areObjects = typeof node === "object" && typeof user === "object" && Array.isArray(rooms);
  return areTexts && areObjects && typeof since === "number";
}
