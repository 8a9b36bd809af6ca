import { setTimeout as wait } from "node:timers/promises";
import { connectTo } from "../redis/nodes.js";
import { RedisServer } from "../support/redis.js";
import { cookieOf } from "../support/shop.js";
import { Ledger, type Draft } from "./ledger.js";
import { LOG_FAULTS } from "./log-faults.js";
import { NodeProcess } from "./node-process.js";
import { PROFILES, ROOMS } from "./published.js";
import { Random } from "./random.js";
import { RoamingReader, type ModelUser } from "./roaming-reader.js";

const READERS = 9;
const UNDER_WAY = 20;
const SETTLE_MS = 30_000;

/** Three nodes, the Redis of their log, the one of their sessions, and the browsers. */
export class NodesWorld {
  readonly ledger = new Ledger();
  readonly readers: RoamingReader[] = [];
  /** Kinds of faults that happened. */
  readonly faults: string[] = [];
  #faultsLeft: string[] = [];
  #fault: Promise<void> | undefined;
  readonly #underWay = new Set<Promise<void>>();
  #n = 0;

  private constructor(
    readonly random: Random,
    readonly maxEvents: number,
    readonly redis: RedisServer,
    readonly nodes: readonly NodeProcess[],
    /** Somebody at the command line of the log's Redis. */
    readonly command: (...args: string[]) => Promise<unknown>,
  ) {}

  /** Begins anew on nodes that run already, with a log of its own that ends with the test. */
  static async begin(seed: number, nodes: readonly NodeProcess[]): Promise<NodesWorld> {
    const random = new Random(seed);
    const isDurable = random.chance(0.5);
    const maxEvents = random.pick([250, 10_000]);
    const redis = await RedisServer.start(
      isDurable ? ["--appendonly", "yes", "--appendfsync", "always"] : [],
    );
    await Promise.all(nodes.map((node) => node.begin({ logUrl: redis.url, maxEvents })));
    const world = new NodesWorld(random, maxEvents, redis, nodes, await connectTo(redis.url));
    for (let n = 1; n <= READERS; n += 1) await world.#addReader(n, seed);
    return world;
  }

  /** A node, and another one. */
  drawNodes(): [NodeProcess, NodeProcess] {
    const node = this.random.pick(this.nodes);
    return [node, this.random.pick(this.nodes.filter((other) => other !== node))];
  }

  async step(): Promise<void> {
    const { random } = this;
    const reader = random.pick(this.readers);
    const draw = random.below(100);
    if (draw < 45) this.#start(this.publish(random.pick(this.nodes), 1 + random.below(4)));
    else if (draw < 57) this.#startChange(reader, () => this.#changeUser(reader));
    else if (draw < 62) this.#startChange(reader, () => this.#recall(reader));
    else if (draw < 67) reader.leave();
    else if (draw < 75) reader.comeBack();
    else if (draw < 80) reader.current?.stream.pause();
    else if (draw < 87) reader.current?.stream.resume();
    else if (draw < 89) reader.reload();
    else if (draw < 90) this.#start(this.publish(random.pick(this.nodes), 12, 300_000));
    else this.#startFault();
    if (this.#underWay.size > UNDER_WAY) await Promise.race(this.#underWay);
    await wait(random.below(40));
  }

  /** Ends all faults, and waits until everybody is there as who he is now and has what is sent last. */
  async settle(): Promise<void> {
    await this.#fault;
    await Promise.all(this.#underWay);
    const deadline = Date.now() + SETTLE_MS;
    for (let ends: number[] = []; ;) {
      for (const reader of this.readers) {
        if (reader.stoppedAt !== undefined) reader.reload();
        reader.comeBack();
        reader.current?.stream.resume();
      }
      ends = [...ends, this.#n + 1];
      await this.publish(this.random.pick(this.nodes), [{ ...FOR_ALL, n: (this.#n += 1) }]);
      const late = this.readers.filter((reader) => !hasOneOf(reader, ends));
      if (late.length === 0) return;
      if (Date.now() > deadline) throw new Error(`Nothing reaches ${late.map(stateOf).join()}.`);
      await wait(100);
    }
  }

  /** Broadcasts something drawn, or what is given, in one go. Resolves with the answer. */
  async publish(node: NodeProcess, what: number | Draft[], size?: number): Promise<void> {
    const drafts =
      typeof what === "number" ? Array.from({ length: what }, () => this.#draw(size)) : what;
    this.ledger.add(drafts, node.life);
    const ids = await node
      .post("/broadcast", drafts)
      .then((res) => res.json() as Promise<Array<string | null>>)
      // Nobody knows what became of them.
      .catch(() => []);
    for (const [at, id] of ids.entries()) {
      if (id !== null) this.ledger.place((drafts[at] as Draft).n, id);
    }
  }

  async #addReader(n: number, seed: number): Promise<void> {
    const random = new Random(seed * 1_000 + n);
    const rooms = ROOMS.filter(() => random.chance(0.4));
    const urls = this.nodes.map(({ url }) => url);
    const name = `reader ${n}`;
    const user =
      n % 5 === 0 ? undefined : { login: name, profile: random.pick(PROFILES), version: 1 };
    const cookie = user === undefined ? undefined : await this.#signIn(user);
    const world = { urls, random, ledger: this.ledger };
    this.readers.push(new RoamingReader({ name, rooms, cookie, user }, world));
  }

  #draw(size?: number): Draft {
    const { random } = this;
    const draw = <T>(probability: number, pick: () => T) =>
      random.chance(probability) ? pick() : null;
    const rooms = draw(0.3, () => ROOMS.filter(() => random.chance(0.6)));
    const isVolatile = random.chance(0.1);
    return {
      n: (this.#n += 1),
      rooms: rooms?.length === 0 ? null : rooms,
      profile: draw(0.5, () => random.pick(PROFILES)),
      except: draw(0.1, () => connectionOf(random.pick(this.readers))),
      key: isVolatile ? null : draw(0.1, () => random.pick(["a", "b", "c"])),
      isVolatile,
      size: size ?? random.below(random.chance(0.03) ? 200_000 : 500),
    };
  }

  #start(task: Promise<void>): void {
    this.#underWay.add(task);
    void task.finally(() => this.#underWay.delete(task));
  }

  #startFault(): void {
    if (this.#fault !== undefined) return;
    if (this.#faultsLeft.length === 0) this.#faultsLeft = Object.keys(LOG_FAULTS);
    const kind = this.random.pick(this.#faultsLeft);
    this.#faultsLeft = this.#faultsLeft.filter((other) => other !== kind);
    this.faults.push(kind);
    this.#fault = LOG_FAULTS[kind]?.(this).finally(() => {
      this.#fault = undefined;
    });
  }

  #startChange(reader: RoamingReader, change: () => Promise<void>): void {
    if (reader.isBusy) return;
    reader.isBusy = true;
    this.#start(
      change().finally(() => {
        reader.isBusy = false;
      }),
    );
  }

  async #changeUser(reader: RoamingReader): Promise<void> {
    const { user, cookie } = reader;
    const login = reader.name;
    if (user === undefined) {
      const version = reader.nextVersion();
      reader.user = { login, profile: this.random.pick(PROFILES), version };
      reader.cookie = await this.#signIn(reader.user, cookie);
      // A stream that nobody in particular opened has no session that could tell.
      reader.reload();
      return;
    }
    const profile = PROFILES.find((other) => other !== user.profile) ?? user.profile;
    const next = this.random.chance(0.3)
      ? undefined
      : { login, profile, version: reader.nextVersion() };
    const requestedAt = this.ledger.now();
    const { node, res, isFirst } = await this.#insist(
      next === undefined ? "/logout" : "/become",
      next ?? {},
      cookie,
    );
    reader.user = next;
    // A request that died may have changed the store without telling anybody; that the next one
    // changes nothing any more.
    const isTold = isFirst && res.headers.get("X-Untold") === "0";
    const { version } = user;
    const answeredAt = this.ledger.now();
    const known = isFirst ? node : "";
    this.ledger.changes.push({
      ...{ login, kind: "user", version, requestedAt, answeredAt, node: known, isTold },
    });
    await Promise.all(this.nodes.map((each) => this.publish(each, 3)));
  }

  async #recall(reader: RoamingReader): Promise<void> {
    const login = reader.name;
    const requestedAt = this.ledger.now();
    const path = this.random.pick(["/refresh", "/disconnect"]);
    const { node } = await this.#insist(path, { login });
    const answeredAt = this.ledger.now();
    const version = reader.user?.version ?? 0;
    this.ledger.changes.push({
      ...{ login, kind: "recall", version, requestedAt, answeredAt, node, isTold: true },
    });
    await Promise.all(this.nodes.map((each) => this.publish(each, 2)));
  }

  async #signIn(user: ModelUser, cookie?: string): Promise<string> {
    const { res } = await this.#insist("/login", user, cookie);
    return cookieOf(res.headers.getSetCookie());
  }

  /** Asks one node after another, until one has done it. */
  async #insist(
    path: string,
    body: object,
    cookie?: string,
  ): Promise<{ node: string; res: Response; isFirst: boolean }> {
    for (let attempt = 1; ; attempt += 1) {
      const node = this.random.pick(this.nodes);
      const { life } = node;
      const res = await node.post(path, body, cookie).catch(() => undefined);
      if (res !== undefined) return { node: life, res, isFirst: attempt === 1 };
      await wait(50);
    }
  }
}

const FOR_ALL = { rooms: null, profile: null, except: null, key: null, isVolatile: false, size: 0 };

function connectionOf({ current }: RoamingReader): string | null {
  const [hello] = current?.stream.hubEvents ?? [];
  if (hello?.event !== "hub:open") return null;
  return (JSON.parse(hello.data) as { connection: string }).connection;
}

// On a stream of the user it is now: old ones count for nothing.
function hasOneOf({ current, user }: RoamingReader, ends: readonly number[]): boolean {
  if (current === undefined || current.user?.version !== user?.version) return false;
  const numbers = new Set(current.stream.all.map(({ data }) => Number(data.split(" ", 1))));
  return ends.some((n) => numbers.has(n));
}

function stateOf({ name, current, user, stoppedAt }: RoamingReader): string {
  const last = current?.stream.all.at(-1);
  return `${name} (${JSON.stringify({ user, on: current?.user, last, stoppedAt })})`;
}
