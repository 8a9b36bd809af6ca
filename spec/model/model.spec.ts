import { memoryLog, type Connection, type EventLog } from "express-sse-hub";
import { Shop, until } from "../support/shop.js";
import { faultsOf } from "./oracle.js";
import { PROFILES, publish, ROOMS, type Published } from "./published.js";
import { Random } from "./random.js";
import { ModelReader, type Segment } from "./reader.js";
import { changeUser, failStore } from "./user-changes.js";

const gapsBySeed: number[] = [];
const FIXED_SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);
const DRAWN_SEED = Math.floor(Math.random() * 2 ** 31);
const STEPS = 400;
const READERS = 8;

/** One run: readers that come, stall, leave and return while events of every kind are published. */
class Run {
  readonly published = new Map<number, Published>();
  readonly readers: ModelReader[] = [];
  readonly #joined = new Map<string, Connection>();

  constructor(
    readonly shop: Shop,
    readonly log: EventLog,
    readonly random: Random,
  ) {
    shop.hub.on("join", (connection) => this.#joined.set(connection.id, connection));
  }

  async addReader(n: number): Promise<void> {
    const profile = n % 4 === 0 ? undefined : this.random.pick(PROFILES);
    const user = profile === undefined ? undefined : { login: `reader ${n}`, profile };
    const cookie = user === undefined ? undefined : await this.shop.signIn(user);
    const rooms = ROOMS.filter(() => this.random.chance(0.3));
    this.readers.push(new ModelReader({ name: `reader ${n}`, user, cookie, rooms }));
  }

  async step(): Promise<void> {
    const { random } = this;
    const reader = random.pick(this.readers);
    const draw = random.below(100);
    if (draw < 60) await this.burst(1 + random.below(random.chance(0.1) ? 40 : 3));
    else if (draw < 63) await changeUser(this, reader);
    else if (draw < 64) await failStore(this, reader);
    else if (!reader.isHere) await this.#come(reader);
    else if (draw < 70) this.#leave(reader);
    else if (draw < 78) reader.current?.stream.pause();
    else if (draw < 88) reader.current?.stream.resume();
    else if (draw < 94) this.#joinRoom(reader.current, random.pick(ROOMS));
    else this.#leaveRoom(reader.current, random.pick(ROOMS));
    if (random.chance(0.7)) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets everybody read, and waits until each has what is sent last. */
  async settle(): Promise<void> {
    for (const reader of this.readers) {
      if (!reader.isHere) await this.#come(reader);
      reader.current?.stream.resume();
    }
    // Only then the end: a reader that the log overtakes is told of a gap, and the end may be in it.
    await until(() => this.shop.hub.stats().behind === 0, "nobody is behind", 15_000);
    await this.shop.hub.broadcast("end", "end");
    for (const { current } of this.readers) {
      await until(
        () => current?.stream.all.some(({ event }) => event === "end") === true,
        "everybody has the end",
        15_000,
      );
      // The end itself is not part of the model.
      const { all } = (current as Segment).stream;
      all.splice(all.findIndex(({ event }) => event === "end"));
    }
  }

  async burst(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const entry = await publish(this.shop.hub, this.random, this.log.head + 1, this.readers);
      this.published.set(entry.position, entry);
    }
  }

  async #come(reader: ModelReader): Promise<void> {
    const { cursor, cookie, rooms } = reader;
    const path = `/model?rooms=${rooms.join(",")}`;
    const stream = await this.shop.stream(path, { cookie, lastEventId: cursor });
    const { connection: id } = await stream.opened();
    const connection = this.#joined.get(id) as Connection;
    const stays = rooms.map((room) => ({ room, since: -1, until: Infinity }));
    const profile = reader.user?.profile;
    reader.segments.push({ stream, connection, cursor, stays, profile, changedAt: Infinity });
    reader.isHere = true;
  }

  #leave(reader: ModelReader): void {
    reader.current?.stream.close();
    reader.isHere = false;
  }

  #joinRoom(segment: Segment | undefined, room: string): void {
    if (segment === undefined || segment.connection.rooms.has(room)) return;
    segment.connection.join(room);
    segment.stays.push({ room, since: this.log.head, until: Infinity });
  }

  #leaveRoom(segment: Segment | undefined, room: string): void {
    segment?.connection.leave(room);
    for (const stay of segment?.stays ?? []) {
      if (stay.room === room) stay.until = Math.min(stay.until, this.log.head);
    }
  }
}

describe("whatever the readers do", () => {
  it.each([...FIXED_SEEDS, DRAWN_SEED])(
    "each gets what is for it, once and in order, or is told (seed %d)",
    async (seed) => {
      const random = new Random(seed);
      const log = memoryLog({ maxEvents: 40 + random.below(400) });
      const heartbeatMs = random.chance(0.5) ? 50 : null;
      const shop = await Shop.open({
        hub: { log, heartbeatMs, maxBufferedBytes: 16_384, revalidateMs: 100 },
        routes: (app) => {
          app.post("/become", (req, res) => {
            Object.assign(req.session, { user: req.body as object });
            res.sendStatus(204);
          });
          app.get("/model", (req) => {
            const rooms = (req.query.rooms as string).split(",").filter((room) => room !== "");
            req.sse.join(...rooms);
          });
        },
      });
      // Said whenever the store is away.
      shop.hub.on("error", () => undefined);
      const run = new Run(shop, log, random);
      for (let n = 0; n < READERS; n += 1) await run.addReader(n);
      for (let step = 0; step < STEPS; step += 1) await run.step();
      await run.settle();
      expect(faultsOf(run.readers, run.published, log)).toEqual([]);
      gapsBySeed.push(shop.hub.stats().gaps);
      expect(run.published.size).toBeGreaterThan(100);
    },
    90_000,
  );

  it("includes readers that the log overtakes, or the runs above have shown little", () => {
    expect(gapsBySeed.filter((gaps) => gaps > 0).length).toBeGreaterThan(0);
  });
});
