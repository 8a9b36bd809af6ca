import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LineProcess } from "./line-process.mjs";
import { Load } from "./load.mjs";
import { busySeconds, cpuSeconds, rssMiB } from "./usage.mjs";
import { cookieHeader } from "./users.mjs";

const SERVE_PEER = fileURLToPath(new URL("serve-peer.mjs", import.meta.url));
const WARM_UP_TRIES = 20;
const WARM_UP_EVENTS = 30;
// How long after the last event one too many would still be seen.
const AFTERMATH_MS = 100;
// A server from which nothing comes for so long has nothing left to send.
const QUIET_MS = 4_000;
const SLOW_MS = 120_000;

/**
 * One server and its load, for one measurement: start, measure, end. The server runs on a core of
 * its own where there are two.
 */
export class Stage {
  faults = [];
  #machine;
  #folder = mkdtempSync(join(tmpdir(), "sse-bench-"));
  #host;
  #pids;
  #port;
  #profileFile;
  #speaks;
  #loads = [];
  #shareOfOthers = 0;

  /**
   * @param options.profileFile where the CPU profile of what is measured goes, if anywhere
   * @param options.dashboard "mounted" for a hub with a dashboard for everybody, "none" for the same hub without
   * @param options.redisUrl the Redis that it shares with other nodes
   * @param options.postgresUrl the PostgreSQL, instead of it
   * @param options.hubOptions those of createHub(), for the hub
   * @param options.at the core it runs on, when that is not the `server`'s
   */
  static async start(
    machine,
    peer,
    { hasSessions = false, dashboard, profileFile, redisUrl, postgresUrl, at, hubOptions } = {},
  ) {
    const stage = new Stage();
    stage.#machine = machine;
    stage.#profileFile = peer.isOutside ? undefined : profileFile;
    stage.#speaks = peer.speaks;
    const core = machine.cores?.server ?? null;
    const { entry } = peer;
    const shared = { redisUrl, postgresUrl, hubOptions };
    const given = { hasSessions, dashboard, core, entry, ...shared };
    const options = JSON.stringify({ ...given, folder: stage.#folder });
    // What is no Node server is started by the host, which then publishes only: beside the load.
    const place = at ?? (peer.isOutside ? "load" : "server");
    const args = [SERVE_PEER, peer.file, options];
    stage.#host = new LineProcess(...machine.command(place, process.execPath, args));
    try {
      await stage.#begin();
    } catch (error) {
      await stage.end();
      throw error;
    }
    return stage;
  }

  async #begin() {
    const { port, pids } = await this.#host.answer(20_000);
    this.#port = port;
    this.#pids = pids;
  }

  /** The share of the server's core that other programs took while something was measured. */
  get shareOfOthers() {
    return this.#shareOfOthers;
  }

  /** Where it is served. */
  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Tells the server's process to do something; see serve-peer.mjs. */
  tell(name, given = {}) {
    return this.#host.ask(JSON.stringify({ do: name, ...given }), SLOW_MS);
  }

  /**
   * Opens connections.
   *
   * @param options.sessions the session's number for each, if they have one
   * @param options.lastEventId what they say they saw last
   * @param options.isStalled true for readers that read nothing
   * @returns the {@link Load}
   */
  async open(count, { sessions, lastEventId, isStalled = false, inFlight = 100, load } = {}) {
    const reader = load ?? new Load(this.#machine, this.#port, this.#speaks);
    if (load === undefined) this.#loads.push(reader);
    const heads = this.#heads(count, { sessions, lastEventId });
    const { opened, failed } = await reader.open({ count, heads, inFlight, isStalled });
    if (opened !== count) throw new Error(`${failed} of ${count} connections failed to open`);
    return reader;
  }

  /** Broadcasts until every connection has what is sent, and the code is warm. */
  async warmUp(load, { receivers, bytes = 100, audience, from, events = WARM_UP_EVENTS }) {
    for (let tries = 0; ; tries += 1) {
      await load.expect(1, bytes);
      await (from ?? this).tell("publish", { count: 1, bytes, audience });
      const { reached } = await load.until(receivers, 2_000);
      if (reached === receivers) break;
      if (tries === WARM_UP_TRIES) throw new Error(`${reached} of ${receivers} receive anything`);
    }
    const plan = { count: events, receivers, bytes, audience, from };
    await this.deliver(load, { ...plan, isClosedLoop: true });
  }

  /**
   * Broadcasts events and waits until all have arrived; whatever is wrong with them is a fault.
   *
   * @param plan.count how many, `perTick` of them at once every `intervalMs`
   * @param plan.from another stage whose server publishes
   * @param plan.isClosedLoop true for the next once the last has reached everybody
   * @returns what the load counted, and the latencies in milliseconds
   */
  async deliver(
    load,
    { count, receivers, bytes, from = this, isClosedLoop = false, perTick = 1, ...plan },
  ) {
    await load.expect(1, bytes);
    const step = isClosedLoop ? perTick : count;
    for (let sent = 0; sent < count; sent += step) {
      const events = { ...plan, count: step, perTick, bytes, firstSequence: sent + 1 };
      await from.tell("publish", events);
      if ((await arrival(load, (sent + step) * receivers)).isLate) break;
    }
    return this.await(load, { count, receivers });
  }

  /** Waits until each of the receivers has that many events, and checks them. */
  async await(load, { count, receivers }) {
    await arrival(load, count * receivers);
    const counts = await load.until(count * receivers + 1, AFTERMATH_MS);
    this.#check(counts, { count, receivers });
    return counts;
  }

  /** Measures what the server's process takes while something is done. The last is the one profiled. */
  async measure(action) {
    const core = this.#machine.cores?.server;
    if (this.#profileFile !== undefined) await this.tell("profile");
    const before = { cpu: this.cpuSeconds(), busy: busyOf(core), at: performance.now() };
    const result = await action();
    const cpu = this.cpuSeconds() - before.cpu;
    const seconds = (performance.now() - before.at) / 1000;
    if (core !== undefined) {
      const others = (busyOf(core) - before.busy - cpu) / seconds;
      this.#shareOfOthers = Math.max(this.#shareOfOthers, others);
    }
    if (this.#profileFile !== undefined) {
      await this.tell("endProfile", { file: this.#profileFile });
    }
    return { ...result, cpu, seconds };
  }

  /** Resolves when the server has nothing left to do, as far as its CPU time shows. */
  async settle() {
    for (let quiet = 0, tries = 0; quiet < 3 && tries < 100; tries += 1) {
      const before = this.cpuSeconds();
      await sleep(100);
      quiet = this.cpuSeconds() - before < 0.005 ? quiet + 1 : 0;
    }
  }

  cpuSeconds() {
    return cpuSeconds(this.#pids);
  }

  rssMiB() {
    return rssMiB(this.#pids);
  }

  /** Calls `onSample` with the server's memory, in MiB, ten times a second. Gives what ends that. */
  watchRss(onSample) {
    const timer = setInterval(() => onSample(this.rssMiB()), 100);
    return () => clearInterval(timer);
  }

  /** Ends the server at once, and what is measured with it. */
  kill(reason) {
    this.#host.kill(reason);
  }

  async end() {
    await Promise.all([this.#host, ...this.#loads].map((part) => part.end()));
    for (const pid of this.#pids ?? []) endProcess(pid);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #heads(count, { sessions, lastEventId }) {
    if (sessions === undefined && lastEventId === undefined) return "-";
    const file = join(this.#folder, "heads");
    const lines = Array.from({ length: count }, (_, index) => {
      const cookie = sessions === undefined ? [] : [cookieHeader(sessions(index))];
      const last = lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`];
      return `${[...cookie, ...last].join("\t")}\n`;
    });
    writeFileSync(file, lines.join(""));
    return file;
  }

  #check(counts, { count, receivers }) {
    for (const kind of ["lost", "duplicated", "disordered", "broken", "closed"]) {
      if (counts[kind] > 0) this.#fault(`${counts[kind]} ${kind}`);
    }
    const missing = count * receivers - counts.events;
    if (missing > 0) this.#fault(`${missing} missing`);
    if (missing < 0) this.#fault(`${-missing} too many`);
    if (count > 0 && counts.reached !== receivers)
      this.#fault(`${counts.reached} of ${receivers} reached`);
    if (counts.fewest !== counts.most) this.#fault("some got more than others");
  }

  #fault(text) {
    if (!this.faults.includes(text)) this.faults.push(text);
  }
}

// The counts when that many events have come, or no more come.
async function arrival(load, events) {
  for (let before = -1; ;) {
    const counts = await load.until(events, QUIET_MS);
    if (!counts.isLate || counts.events === before) return counts;
    before = counts.events;
  }
}

function busyOf(core) {
  return core === undefined ? 0 : busySeconds(core);
}

// What the host started should have ended with it.
function endProcess(pid) {
  try {
    process.kill(pid);
  } catch {
    // It has.
  }
}
