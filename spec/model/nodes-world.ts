import { setTimeout as wait } from "node:timers/promises";
import { Ledger, type Draft } from "./ledger.js";
import type { Fault, LogAddress, ModelLog, StartLog } from "./model-log.js";
import type { NodeProcess } from "./node-process.js";
import { changeUser, recall, signIn } from "./nodes-changes.js";
import { PROFILES, ROOMS } from "./published.js";
import { Random } from "./random.js";
import { RoamingReader } from "./roaming-reader.js";

const READERS = 12;
const UNDER_WAY = 20;
const SETTLE_MS = 30_000;

/** Three nodes, the servers of their log, the Redis of their sessions, and the browsers. */
export class NodesWorld {
  readonly ledger = new Ledger();
  readonly readers: RoamingReader[] = [];
  /** Kinds of faults that happened. */
  readonly faults: string[] = [];
  #faultsLeft: ReturnType<ModelLog["drawFaults"]> = [];
  #fault: Promise<void> | undefined;
  readonly #underWay = new Set<Promise<void>>();
  #n = 0;

  private constructor(
    readonly random: Random,
    readonly maxEvents: number,
    readonly log: ModelLog,
    readonly nodes: readonly NodeProcess[],
  ) {}

  /** Begins anew on nodes that run already, with a log of its own that ends with the test. */
  static async begin(
    seed: number,
    nodes: readonly NodeProcess[],
    start: StartLog,
  ): Promise<NodesWorld> {
    const random = new Random(seed);
    const log = await start(random);
    const { addresses } = log;
    const maxEvents = random.pick([250, 10_000]);
    const addressOf = (at: number) => addresses[at % addresses.length] as LogAddress;
    await Promise.all(nodes.map((node, at) => node.begin({ log: addressOf(at), maxEvents })));
    const world = new NodesWorld(random, maxEvents, log, nodes);
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
    if (draw < 42) this.startPublishing(random.pick(this.nodes), 1 + random.below(4));
    else if (draw < 52) this.#startChange(changeUser);
    else if (draw < 58) this.#startChange(recall);
    else if (draw < 64) reader.leave();
    else if (draw < 78) reader.comeBack();
    else if (draw < 82) reader.current?.stream.pause();
    else if (draw < 93) reader.current?.stream.resume();
    else if (draw < 95) reader.reload();
    else if (draw < 96) this.startPublishing(random.pick(this.nodes), 10, 300_000);
    else this.#startFault();
    if (this.#underWay.size > UNDER_WAY) await Promise.race(this.#underWay);
    await wait(random.below(24));
  }

  /** Ends all faults, and waits until everybody is there as who he is now and has what is sent last. */
  async settle(): Promise<void> {
    await this.#fault;
    await Promise.all(this.#underWay);
    const deadline = Date.now() + SETTLE_MS;
    for (let ends: number[] = []; ;) {
      for (const reader of this.readers) {
        if (reader.isStopped) reader.reload();
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

  /** Broadcasts so many events that are drawn, while other things happen. */
  startPublishing(node: NodeProcess, count: number, size?: number): void {
    this.#start(this.publish(node, count, size));
  }

  /** Broadcasts so many in one transaction, while other things happen. */
  startTransaction(node: NodeProcess, count: number): void {
    this.#start(this.publish(node, count, undefined, "/commit"));
  }

  /** What no reader may get: it is in nobody's ledger. */
  startRollback(node: NodeProcess): void {
    const drafts = [
      { ...FOR_ALL, n: -1 },
      { ...FOR_ALL, n: -2, key: "a" },
    ];
    const answered = node.post("/rollback", drafts).then(
      () => undefined,
      () => undefined,
    );
    this.#start(answered);
  }

  /** Broadcasts something drawn, or what is given, in one go. Resolves with the answer. */
  async publish(
    node: NodeProcess,
    what: number | Draft[],
    size?: number,
    path = "/broadcast",
  ): Promise<void> {
    const drafts =
      typeof what === "number" ? Array.from({ length: what }, () => this.#draw(size)) : what;
    this.ledger.add(drafts, node.life);
    const ids = await node
      .post(path, drafts)
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
    const cookie = user === undefined ? undefined : await signIn(this, user);
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
    if (this.#faultsLeft.length === 0) this.#faultsLeft = this.log.drawFaults();
    const [kind, fault] = this.#faultsLeft.splice(
      this.random.below(this.#faultsLeft.length),
      1,
    )[0] as [string, Fault];
    this.faults.push(kind);
    const trouble = { kind, from: this.ledger.now(), until: Infinity };
    this.ledger.troubles.push(trouble);
    this.#fault = fault(this).finally(() => {
      trouble.until = this.ledger.now();
      this.#fault = undefined;
    });
  }

  // Mostly of somebody who has a stream that must end.
  #startChange(change: (world: NodesWorld, reader: RoamingReader) => Promise<void>): void {
    const idle = this.readers.filter(({ isBusy }) => !isBusy);
    const here = idle.filter(({ isHere }) => isHere);
    const some = here.length > 0 && this.random.chance(0.8) ? here : idle;
    if (some.length === 0) return;
    const reader = this.random.pick(some);
    reader.isBusy = true;
    this.#start(
      change(this, reader).finally(() => {
        reader.isBusy = false;
      }),
    );
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

function stateOf({ name, current, user, isStopped }: RoamingReader): string {
  const last = current?.stream.all.at(-1);
  return `${name} (${JSON.stringify({ user, on: current?.user, last, isStopped })})`;
}
