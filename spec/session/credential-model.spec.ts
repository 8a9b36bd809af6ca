import { setImmediate as nextTick } from "node:timers/promises";
import { memoryLog, type Connection, type EventLog } from "express-sse-hub";
import { faultsOf } from "../model/oracle.js";
import { PROFILES, publish, ROOMS, type Published } from "../model/published.js";
import { Random } from "../model/random.js";
import { ModelReader, type Segment } from "../model/reader.js";
import { ended, leave, readToEnd } from "../model/user-changes.js";
import { until } from "../support/shop.js";
import { TokenShop, tokenOf, userOf } from "../support/token-shop.js";

const FIXED_SEEDS = [1, 2, 3, 4];
const DRAWN_SEED = Math.floor(Math.random() * 2 ** 31);
const STEPS = 1_000;
const READERS = 6;
const GONE = "token=; Max-Age=0";

/** One run: browsers whose credentials change in every way while events of every kind are published. */
class Run {
  readonly published = new Map<number, Published>();
  readonly readers: ModelReader[] = [];
  readonly counts = { rolled: 0, ended: 0 };
  readonly #tokens = new Map<ModelReader, string>();
  readonly #joined = new Map<string, Connection>();
  readonly #mayEnd = new Set<Segment>();

  constructor(
    readonly shop: TokenShop,
    readonly log: EventLog,
    readonly random: Random,
    readonly revoked: Set<string>,
  ) {
    shop.hub.on("join", (connection) => this.#joined.set(connection.id, connection));
    for (let n = 0; n < READERS; n += 1) {
      const reader = new ModelReader({
        name: `reader ${n}`,
        rooms: ROOMS.filter((_room, place) => place === n % 3 || random.chance(0.3)),
        user: undefined,
        cookie: undefined,
      });
      this.readers.push(reader);
      this.#logIn(reader);
    }
  }

  async step(): Promise<void> {
    const { random } = this;
    const reader = random.pick(this.readers);
    const draw = random.below(100);
    if (draw < 45) await this.burst(1 + random.below(random.chance(0.1) ? 40 : 3));
    else if (draw < 65) await this.#change(reader);
    else if (!reader.isHere) await this.#come(reader);
    else if (draw < 72) leave(reader);
    else if (draw < 84) reader.current?.stream.pause();
    else reader.current?.stream.resume();
    if (random.chance(0.7)) await nextTick();
  }

  async burst(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const entry = await publish(this.shop.hub, this.random, this.log.head + 1, this.readers);
      this.published.set(entry.position, entry);
    }
  }

  /** Lets everybody read, and waits until each has what is sent last. */
  async settle(): Promise<void> {
    for (const reader of this.readers) {
      if (!reader.isHere) await this.#come(reader);
      reader.current?.stream.resume();
    }
    await until(() => this.shop.hub.stats().behind === 0, "nobody is behind", 15_000);
    await this.shop.hub.broadcast("end", "end");
    for (const { current } of this.readers) {
      const all = current?.stream.all ?? [];
      const isEnd = ({ event }: { event: string }) => event === "end";
      await until(() => all.some(isEnd), "everybody has the end", 15_000);
      // The end itself is not part of the model.
      all.splice(all.findIndex(isEnd));
    }
  }

  faults(): string[] {
    const sentAway = this.readers.flatMap(({ name, segments }) =>
      segments
        .filter((segment) => segment.stream.endReason !== undefined && !this.#mayEnd.has(segment))
        .map(
          ({ stream }) => `${name} was sent away (${String(stream.endReason)}), and is the same`,
        ),
    );
    return [...faultsOf(this.readers, this.published, this.log), ...sentAway];
  }

  async #change(reader: ModelReader): Promise<void> {
    const { random } = this;
    const token = this.#tokens.get(reader);
    if (token === undefined) {
      // Nobody's stream has no credential that could tell; the page opens anew.
      leave(reader);
      this.#logIn(reader);
      return;
    }
    const draw = random.below(10);
    if (draw < 5) await this.#roll(reader, token);
    else if (draw < 7) await this.#promote(reader, token);
    else if (draw < 9) await this.#clear(reader, token);
    else await this.#revoke(reader, token);
  }

  /** Another value for the same user, while events come and perhaps the browser, too. */
  async #roll(reader: ModelReader, token: string): Promise<void> {
    const next = tokenOf(reader.user ?? {});
    const comes = reader.isHere ? null : this.#come(reader);
    const rolled = this.shop.set(token, `token=${next}`);
    for (let hop = this.random.below(6); hop > 0; hop -= 1) await nextTick();
    await Promise.all([rolled, comes, this.burst(3)]);
    this.#hold(reader, next);
    this.counts.rolled += 1;
  }

  async #promote(reader: ModelReader, token: string): Promise<void> {
    const profile = PROFILES.find((other) => other !== reader.user?.profile) ?? "";
    const user = { login: reader.name, profile };
    const next = tokenOf(user);
    await this.shop.set(token, `token=${next}`);
    await this.#end(reader);
    reader.user = user;
    this.#hold(reader, next);
  }

  async #clear(reader: ModelReader, token: string): Promise<void> {
    await this.shop.set(token, GONE);
    await this.#end(reader);
    this.#becomeNobody(reader);
  }

  // Behind the hub's back: it is found out, with no promise of when.
  async #revoke(reader: ModelReader, token: string): Promise<void> {
    this.revoked.add(token);
    this.#expectEnd(reader);
    await readToEnd(reader);
    this.#becomeNobody(reader);
  }

  async #end(reader: ModelReader): Promise<void> {
    this.#expectEnd(reader);
    await ended(this, reader);
  }

  #expectEnd({ isHere, current }: ModelReader): void {
    if (!isHere || current === undefined) return;
    this.#mayEnd.add(current);
    this.counts.ended += 1;
  }

  #logIn(reader: ModelReader): void {
    reader.user = { login: reader.name, profile: this.random.pick(PROFILES) };
    this.#hold(reader, tokenOf(reader.user));
  }

  #becomeNobody(reader: ModelReader): void {
    reader.user = undefined;
    reader.cookie = undefined;
    this.#tokens.delete(reader);
  }

  #hold(reader: ModelReader, token: string): void {
    this.#tokens.set(reader, token);
    reader.cookie = `token=${token}`;
  }

  async #come(reader: ModelReader): Promise<void> {
    const { cursor, cookie, rooms, user } = reader;
    const path = `/model?rooms=${rooms.join(",")}`;
    const stream = await this.shop.stream("", { path, cookie, lastEventId: cursor });
    const { connection: id } = await stream.opened();
    const connection = this.#joined.get(id) as Connection;
    const stays = rooms.map((room) => ({ room, since: -1, until: Infinity }));
    const profile = user?.profile;
    reader.segments.push({ stream, connection, cursor, stays, profile, changedAt: Infinity });
    reader.isHere = true;
  }
}

/** Who a user is, is known after a while. */
function openShop(log: EventLog, revoked: ReadonlySet<string>, seed: number): Promise<TokenShop> {
  const random = new Random(seed + 1);
  return TokenShop.open({
    routes: (app) => {
      app.get("/model", (req) => {
        req.sse.join(...(req.query.rooms as string).split(","));
      });
    },
    hub: { log, maxBufferedBytes: 16_384, revalidateMs: 100 },
    sse: {
      user: async (req) => {
        for (let hop = random.below(6); hop > 0; hop -= 1) await nextTick();
        return userOf(req);
      },
      verify: (_user, credential) => !revoked.has(credential),
    },
  });
}

describe("whatever becomes of the credentials", () => {
  it.each([...FIXED_SEEDS, DRAWN_SEED])(
    "each gets what is for it, once and in order, and nothing after the answer (seed %d)",
    async (seed) => {
      const random = new Random(seed);
      const log = memoryLog({ maxEvents: 40 + random.below(400) });
      const revoked = new Set<string>();
      const run = new Run(await openShop(log, revoked, seed), log, random, revoked);
      for (let step = 0; step < STEPS; step += 1) await run.step();
      await run.settle();

      expect(run.faults()).toEqual([]);
      expect(Math.min(run.counts.rolled, run.counts.ended)).toBeGreaterThan(0);
    },
    90_000,
  );
});
