import { reaches } from "../audience/audience.js";
import { FieldHints } from "../audience/field-hints.js";
import { RoomHints } from "../audience/room-hints.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import { debug } from "../diagnostics/debug.js";
import { warn } from "../diagnostics/development.js";
import { positionIn } from "../log/cursor.js";
import type { Audience, EventLog } from "../log/event-log.js";
import type { PublishingHints } from "../publish/publishing.js";

// Hubs of this process that a `sse()` mounts and that are open.
let mountedHubs = 0;

/**
 * Tells a developer of broadcasts that reach nobody by mistake: they resolve as any other. Each mistake is told of
 * once; with `NODE_DEBUG=sse`, how many each broadcast has reached.
 */
export class DevelopmentHints implements PublishingHints {
  readonly #connections: Iterable<StreamConnection>;
  readonly #log: Pick<EventLog, "isShared">;
  readonly #fields: FieldHints;
  readonly #rooms = new RoomHints((hint) => {
    warn("ERR_SSE_ROOM", hint);
  });
  #isMounted = false;
  #isTold = false;

  /** @param connections those of this node */
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

  /** A connection is in these rooms. */
  onRooms(rooms: Iterable<string>): void {
    this.#rooms.note(rooms);
  }

  look({ rooms, filter }: { readonly rooms: readonly string[] | null; filter: unknown }): void {
    this.#fields.look(filter);
    // What is on other nodes is not known here.
    if (this.#log.isShared) return;
    if (rooms !== null && this.#audience.length > 0) this.#rooms.look(rooms);
    if (this.#isMounted || this.#isTold || mountedHubs === 0) return;
    this.#isTold = true;
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
    this.#isTold = true;
  }

  get #audience(): StreamConnection[] {
    return [...this.#connections].filter(({ isOwn, isOpened }) => isOpened && !isOwn);
  }
}

const NOTHING = Buffer.alloc(0);

const NOT_MOUNTED =
  "A broadcast went to a hub that no sse({ hub }) mounts, so that it has no connections; another hub is mounted. " +
  "Call createHub() once, in a module of its own, and import that hub everywhere.";
