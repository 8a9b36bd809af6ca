import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "redis";
import { freePort } from "./free-port.js";
import { RedisServer } from "./redis.js";

const MASTERS = 3;
// The nodes talk on a second port, so far above the first.
const BUS = 10_000;
const SLOTS = 16_384;
// How long a node is silent before the others take it for dead: longer than a busy machine makes it wait.
const NODE_TIMEOUT_MS = 2_000;
const DEADLINE_MS = 45_000;

/** A cluster of three masters and a replica of each, on free ports. */
export class RedisCluster {
  readonly #servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.#servers = servers;
  }

  static async create(): Promise<RedisCluster> {
    const args = [
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", String(NODE_TIMEOUT_MS)],
      ...["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"],
    ];
    const servers: RedisServer[] = [];
    while (servers.length < 2 * MASTERS)
      servers.push(await RedisServer.create(args, await freePort(BUS)));
    const cluster = new RedisCluster(servers);
    await cluster.#join();
    return cluster;
  }

  get ports(): number[] {
    return this.#servers.map(({ port }) => port);
  }

  /** The server that is the master of a key's slot now, as the others know it. */
  async masterOf(key: string): Promise<RedisServer> {
    for (const server of this.#servers) {
      const port = await ask(server, ["CLUSTER", "SLOTS"]).then(
        async (slots) => portFor(slots as Slots, await slotOf(server, key)),
        () => undefined,
      );
      const master = this.#servers.find((one) => one.port === port);
      if (master !== undefined) return master;
    }
    throw new Error(`Nobody serves the slot of ${key}.`);
  }

  /** Ends the master of a key as a crash does. Resolves when a replica has its place. */
  async failOver(key: string): Promise<RedisServer> {
    const dead = await this.masterOf(key);
    await dead.kill();
    await this.replaced(dead, key);
    return dead;
  }

  /** Resolves when all but the former master of a key know another one. */
  async replaced(former: RedisServer, key: string): Promise<void> {
    const others = this.#servers.filter((server) => server !== former);
    await until(`another master of ${key}`, async () => {
      const ports = await Promise.all(
        others.map(async (server) => {
          const slots = (await ask(server, ["CLUSTER", "SLOTS"])) as Slots;
          return portFor(slots, await slotOf(server, key));
        }),
      );
      return ports.every((port) => port !== undefined && port !== former.port);
    });
  }

  /**
   * Cuts the master of a key off from the others, which let a replica have its place. It stays alive,
   * takes itself for the master, and answers CLUSTERDOWN.
   */
  async cutOff(key: string): Promise<RedisServer> {
    const master = await this.masterOf(key);
    const masterId = await idOf(master);
    const others = this.#servers.filter((server) => server !== master);
    const roles = await Promise.all(others.map((server) => masterIdOf(server)));
    const replica = others[roles.indexOf(masterId)] as RedisServer;
    for (const server of others) await ask(master, ["CLUSTER", "FORGET", await idOf(server)]);
    await ask(replica, ["CLUSTER", "FAILOVER", "TAKEOVER"]);
    for (const server of others) await ask(server, ["CLUSTER", "FORGET", masterId]);
    await this.replaced(master, key);
    return master;
  }

  /** Starts an ended server again, as a replica of whoever has its place. Resolves when it has caught up. */
  async revive(server: RedisServer): Promise<void> {
    await server.run();
    await until("its replica follows", async () => {
      const info = String(await ask(server, ["INFO", "replication"]));
      return info.includes("role:slave") && info.includes("master_link_status:up");
    });
  }

  /** From here on everybody needs a password. Nothing else can be asked of this object then. */
  async protect(password: string): Promise<void> {
    for (const server of this.#servers) {
      const settings = ["masterauth", password, "requirepass", password];
      await ask(server, ["CONFIG", "SET", ...settings]);
    }
  }

  /** Begins to move the slot of a key to another master. The keys are where they were. */
  async beginMove(key: string): Promise<SlotMove> {
    const from = await this.masterOf(key);
    const slots = (await ask(from, ["CLUSTER", "SLOTS"])) as Slots;
    const [, , [, port]] = slots.find(([, , master]) => master[1] !== from.port) as Slots[number];
    const to = this.#servers.find((server) => server.port === port) as RedisServer;
    const slot = String(await slotOf(from, key));
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await ask(to, ["CLUSTER", "SETSLOT", slot, "IMPORTING", fromId]);
    await ask(from, ["CLUSTER", "SETSLOT", slot, "MIGRATING", toId]);
    return {
      to,
      moveKeys: async (count) => {
        const keys = (await ask(from, [
          "CLUSTER",
          "GETKEYSINSLOT",
          slot,
          String(count),
        ])) as string[];
        const target = ["127.0.0.1", String(port), "", "0", "5000"];
        if (keys.length > 0) await ask(from, ["MIGRATE", ...target, "KEYS", ...keys]);
      },
      finish: async () => {
        // First who gets it, so that nobody is told of a place that knows nothing of it.
        for (const server of [to, from])
          await ask(server, ["CLUSTER", "SETSLOT", slot, "NODE", toId]);
        await this.replaced(from, key);
      },
    };
  }

  async remove(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.remove()));
  }

  async #join(): Promise<void> {
    const [first, ...others] = this.#servers as [RedisServer, ...RedisServer[]];
    for (const [index, server] of this.#servers.slice(0, MASTERS).entries()) {
      const [from, to] = [index, index + 1].map((n) => Math.floor((n * SLOTS) / MASTERS));
      await ask(server, ["CLUSTER", "ADDSLOTSRANGE", String(from), String(Number(to) - 1)]);
      await ask(server, ["CLUSTER", "SET-CONFIG-EPOCH", String(index + 1)]);
    }
    for (const { port } of others) {
      await ask(first, ["CLUSTER", "MEET", "127.0.0.1", String(port)]);
    }
    await until("all know each other", async () => {
      const known = await Promise.all(
        this.#servers.map(async (server) => String(await ask(server, ["CLUSTER", "NODES"]))),
      );
      const isWhole = (text: string) => text.trim().split("\n").length === this.#servers.length;
      return known.every((text) => isWhole(text) && !text.includes("handshake"));
    });
    for (const [index, replica] of this.#servers.slice(MASTERS).entries()) {
      const id = await ask(this.#servers[index] as RedisServer, ["CLUSTER", "MYID"]);
      await ask(replica, ["CLUSTER", "REPLICATE", String(id)]);
    }
    await until("the cluster works", async () => {
      const infos = await Promise.all(
        this.#servers.map(async (server, index) => {
          const state = String(await ask(server, ["CLUSTER", "INFO"])).includes("cluster_state:ok");
          const role = String(await ask(server, ["INFO", "replication"]));
          return (
            state &&
            (index < MASTERS ? /slave0:.*state=online/.test(role) : role.includes("_status:up"))
          );
        }),
      );
      return infos.every(Boolean);
    });
  }
}

/** A slot on its way from one master to another. */
export interface SlotMove {
  readonly to: RedisServer;
  /** Moves so many of its keys. */
  moveKeys(count: number): Promise<void>;
  /** All know that it is there. Its keys must have been moved. */
  finish(): Promise<void>;
}

type Slots = Array<[from: number, to: number, master: [host: string, port: number]]>;

function portFor(slots: Slots, slot: number): number | undefined {
  return slots.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
}

async function slotOf(server: RedisServer, key: string): Promise<number> {
  return Number(await ask(server, ["CLUSTER", "KEYSLOT", key]));
}

async function idOf(server: RedisServer): Promise<string> {
  return String(await ask(server, ["CLUSTER", "MYID"]));
}

/** Whose replica a server is; `-` for a master. */
async function masterIdOf(server: RedisServer): Promise<string> {
  const lines = String(await ask(server, ["CLUSTER", "NODES"])).split("\n");
  return String(lines.find((line) => line.includes("myself"))?.split(" ")[3]);
}

/** Sends one command to a server. */
export async function ask(server: RedisServer, args: string[]): Promise<unknown> {
  const client = createClient({
    RESP: 2,
    socket: { host: "127.0.0.1", port: server.port, reconnectStrategy: false },
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

/** Resolves when that holds. What cannot be asked does not hold yet. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await isTrue().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`It never came true: ${what}.`);
    await wait(20);
  }
}
