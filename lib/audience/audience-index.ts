import type { StreamConnection } from "../connection/stream-connection.js";
import type { Audience } from "../log/event-log.js";
import { equalityOf } from "./audience.js";
import { valuesAt } from "./compile-matcher.js";

// A field is indexed when it is first used. Each indexed field costs memory for every connection.
const MAX_FIELDS = 16;
// Up to this number of candidates, the index is always used.
const MIN_WALK = 64;

type Group<C> = Set<C>;

/**
 * Finds the live connections that an audience may reach, so that the cost of a narrow broadcast depends on the number
 * of its recipients. It may return too many connections, never too few: {@link reaches} then decides for each.
 */
export class AudienceIndex<C extends StreamConnection> {
  readonly #connections: ReadonlySet<C>;
  readonly #rooms = new Map<string, Group<C>>();
  // Path of a field → its value → the connections whose user has it.
  readonly #fields = new Map<string, Map<unknown, Group<C>>>();

  /** @param connections all live connections, kept up to date by the caller */
  constructor(connections: ReadonlySet<C>) {
    this.#connections = connections;
  }

  add(connection: C): void {
    for (const room of connection.rooms) enter(this.#rooms, room, connection);
    for (const path of this.#fields.keys()) this.#addField(path, connection);
  }

  delete(connection: C): void {
    for (const room of connection.rooms) leave(this.#rooms, room, connection);
    for (const [path, groups] of this.#fields) {
      for (const value of valuesOf(connection, path)) leave(groups, value, connection);
    }
  }

  join(connection: C, rooms: readonly string[]): void {
    for (const room of rooms) enter(this.#rooms, room, connection);
  }

  leave(connection: C, rooms: readonly string[]): void {
    for (const room of rooms) leave(this.#rooms, room, connection);
  }

  /**
   * Returns the connections that an audience may reach; `null` if it is better to test all connections, because no
   * index applies or because the candidates are too many.
   */
  candidatesOf(audience: Audience): Iterable<C> | null {
    const groups = this.#groupsFor(audience);
    if (groups === null) return null;
    const total = groups.reduce((sum, group) => sum + group.size, 0);
    return total > MIN_WALK && total * 4 > this.#connections.size ? null : union(groups);
  }

  #groupsFor(audience: Audience): Array<Group<C>> | null {
    if (audience.rooms !== null) return groupsAt(this.#rooms, audience.rooms);
    const equality = equalityOf(audience);
    return equality === null ? null : groupsAt(this.#groupsOf(equality.path), equality.values);
  }

  #groupsOf(path: string): Map<unknown, Group<C>> {
    const known = this.#fields.get(path);
    if (known !== undefined) {
      // Moved to the end, so that the first key is the least recently used.
      this.#fields.delete(path);
      this.#fields.set(path, known);
      return known;
    }
    const [longestUnused] = this.#fields.keys();
    if (this.#fields.size >= MAX_FIELDS && longestUnused !== undefined) {
      this.#fields.delete(longestUnused);
    }
    const groups = new Map<unknown, Group<C>>();
    this.#fields.set(path, groups);
    for (const connection of this.#connections) this.#addField(path, connection);
    return groups;
  }

  #addField(path: string, connection: C): void {
    const groups = this.#fields.get(path) ?? new Map<unknown, Group<C>>();
    for (const value of valuesOf(connection, path)) enter(groups, value, connection);
  }
}

function valuesOf({ user }: StreamConnection, path: string): readonly unknown[] {
  return user === undefined ? [] : valuesAt(user, path.split("."));
}

function enter<K, C>(groups: Map<K, Group<C>>, key: K, connection: C): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Set([connection]));
  else group.add(connection);
}

// Empty groups are deleted, because keys may be as many as there have ever been users.
function leave<K, C>(groups: Map<K, Group<C>>, key: K, connection: C): void {
  const group = groups.get(key);
  group?.delete(connection);
  if (group?.size === 0) groups.delete(key);
}

function groupsAt<K, C>(groups: ReadonlyMap<K, Group<C>>, keys: readonly K[]): Array<Group<C>> {
  return keys.map((key) => groups.get(key)).filter((group) => group !== undefined);
}

function union<C>(groups: ReadonlyArray<Group<C>>): Iterable<C> {
  const [only] = groups;
  return groups.length <= 1 ? (only ?? []) : new Set(groups.flatMap((group) => [...group]));
}
