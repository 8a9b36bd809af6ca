import { reaches } from "../audience/audience.js";
import { FieldHints } from "../audience/field-hints.js";
import { RoomHints } from "../audience/room-hints.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { debug } from "../diagnostics/debug.js";
import { warn } from "../diagnostics/development.js";
import { positionIn } from "../log/cursor.js";
import type { Audience, EventLog } from "../log/event-log.js";
import type { PublishingHints } from "../publish/publishing.js";

// Number of open hubs of this process that an `sse()` mounts.
let mountedHubs = 0;

/**
 * Warns the developer, once for each mistake, about broadcasts that are delivered to no one by mistake: such a
 * broadcast resolves like any other. With `NODE_DEBUG=sse` it also prints how many connections each broadcast reaches.
 */
export class DevelopmentHints implements PublishingHints {
  readonly #connections: Iterable<StreamConnection>;
  readonly #log: Pick<EventLog, "isShared">;
  readonly #fields: FieldHints;
  readonly #rooms = new RoomHints((hint) => {
    warn("ERR_SSE_ROOM", hint);
  });
  #isMounted = false;
  #hasWarned = false;

  /** @param connections the connections of this node */
  constructor(connections: Iterable<StreamConnection>, log: Pick<EventLog, "isShared">) {
    this.#connections = connections;
    this.#log = log;
    const users = () => [...connections].flatMap(({ user }) => (user === undefined ? [] : [user]));
    this.#fields = new FieldHints(users, (hint) => {
      warn("ERR_SSE_FILTER", hint);
    });
  }

  onMount(): void {
    if (!this.#isMounted) mountedHubs += 1;
    this.#isMounted = true;
  }

  /** A connection has joined these rooms. */
  onRooms(rooms: Iterable<string>): void {
    this.#rooms.note(rooms);
  }

  look({ rooms, filter }: { readonly rooms: readonly string[] | null; filter: unknown }): void {
    this.#fields.look(filter);
    // With a shared log, other nodes may have the rooms and the middleware that this node lacks.
    if (this.#log.isShared) return;
    if (rooms !== null && this.#audience.length > 0) this.#rooms.look(rooms);
    if (this.#isMounted || this.#hasWarned || mountedHubs === 0) return;
    this.#hasWarned = true;
    warn("ERR_SSE_NOT_MOUNTED", NOT_MOUNTED);
  }

  onTaken(id: string, audience: Audience): void {
    if (!debug.enabled) return;
    const all = this.#audience;
    const entry = { position: positionIn(id), audience, bytes: NOTHING, isVolatile: false };
    const reached = all.filter((connection) => reaches(entry, connection));
    debug("broadcast %s: reached %d of %d", id, reached.length, all.length);
  }

  close(): void {
    if (this.#isMounted) mountedHubs -= 1;
    this.#isMounted = false;
    this.#hasWarned = true;
  }

  get #audience(): StreamConnection[] {
    return [...this.#connections].filter(({ isOwn, isOpened }) => isOpened && !isOwn);
  }
}

const NOTHING = Buffer.alloc(0);

const NOT_MOUNTED =
  "You broadcast through a hub that no sse({ hub }) mounts, so it has no connections; another hub is mounted. " +
  "Call createHub() once, in a module of its own, and import that hub everywhere.";
