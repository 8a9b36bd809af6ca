import type { StreamConnection } from "../connection/stream-connection.js";
import type { Audience } from "../log/event-log.js";
import { equalityOf } from "./audience.js";
import { valuesAt } from "./compile-matcher.js";

// A field is indexed at its first use; each costs every connection an entry.
const MAX_FIELDS = 16;

type Group = Set<StreamConnection>;

/**
 * Finds the live connections that an audience may reach, so that a narrow broadcast costs what its
 * recipients cost. It may give too many, never too few: whoever is given is asked `reaches` all the same.
 */
export class AudienceIndex {
  readonly #connections: ReadonlySet<StreamConnection>;
  readonly #rooms = new Map<string, Group>();
  // Path of a field → its value → the connections whose user has it.
  readonly #fields = new Map<string, Map<unknown, Group>>();

  /** @param connections all those to be found */
  constructor(connections: ReadonlySet<StreamConnection>) {
    this.#connections = connections;
  }

  add(connection: StreamConnection): void {
    for (const room of connection.rooms) enter(this.#rooms, room, connection);
    for (const path of this.#fields.keys()) this.#addField(path, connection);
  }

  delete(connection: StreamConnection): void {
    for (const room of connection.rooms) leave(this.#rooms, room, connection);
    for (const [path, groups] of this.#fields) {
      for (const value of valuesOf(connection, path)) leave(groups, value, connection);
    }
  }

  join(connection: StreamConnection, rooms: readonly string[]): void {
    for (const room of rooms) enter(this.#rooms, room, connection);
  }

  leave(connection: StreamConnection, rooms: readonly string[]): void {
    for (const room of rooms) leave(this.#rooms, room, connection);
  }

  /** The connections an audience may reach; `null` where everybody must be asked. */
  candidatesOf(audience: Audience): Iterable<StreamConnection> | null {
    if (audience.rooms !== null) return union(this.#rooms, audience.rooms);
    const equality = equalityOf(audience);
    if (equality === null) return null;
    const groups = this.#groupsOf(equality.path);
    return groups === null ? null : union(groups, equality.values);
  }

  #groupsOf(path: string): Map<unknown, Group> | null {
    const known = this.#fields.get(path);
    if (known !== undefined) return known;
    if (this.#fields.size >= MAX_FIELDS) return null;
    const groups = new Map<unknown, Group>();
    this.#fields.set(path, groups);
    for (const connection of this.#connections) this.#addField(path, connection);
    return groups;
  }

  #addField(path: string, connection: StreamConnection): void {
    const groups = this.#fields.get(path) ?? new Map<unknown, Group>();
    for (const value of valuesOf(connection, path)) enter(groups, value, connection);
  }
}

function valuesOf({ user }: StreamConnection, path: string): readonly unknown[] {
  return user === undefined ? [] : valuesAt(user, path.split("."));
}

function enter<K>(groups: Map<K, Group>, key: K, connection: StreamConnection): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Set([connection]));
  else group.add(connection);
}

// An empty group goes: keys may be as many as there have ever been users.
function leave<K>(groups: Map<K, Group>, key: K, connection: StreamConnection): void {
  const group = groups.get(key);
  group?.delete(connection);
  if (group?.size === 0) groups.delete(key);
}

function union<K>(groups: ReadonlyMap<K, Group>, keys: readonly K[]): Iterable<StreamConnection> {
  const found = keys.map((key) => groups.get(key)).filter((group) => group !== undefined);
  const [only] = found;
  if (found.length <= 1) return only ?? [];
  return new Set(found.flatMap((group) => [...group]));
}
