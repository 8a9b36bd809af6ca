import { ask, until } from "./redis-cluster.js";
import { freePort } from "./free-port.js";
import { RedisServer } from "./redis.js";

const SENTINELS = 3;
const REPLICAS = 2;

/** A master with two replicas, and three sentinels that watch it, on free ports. */
export class RedisSentinels {
  readonly #name: string;
  readonly #servers: readonly RedisServer[];
  readonly #sentinels: readonly RedisServer[];

  private constructor(name: string, servers: RedisServer[], sentinels: RedisServer[]) {
    this.#name = name;
    this.#servers = servers;
    this.#sentinels = sentinels;
  }

  static async create(name: string): Promise<RedisSentinels> {
    const master = await RedisServer.create(["--repl-diskless-sync-delay", "0"]);
    const servers = [master];
    while (servers.length <= REPLICAS) {
      servers.push(await RedisServer.create(["--replicaof", "127.0.0.1", String(master.port)]));
    }
    const sentinels: RedisServer[] = [];
    while (sentinels.length < SENTINELS) {
      sentinels.push(
        await RedisServer.createSentinel(await freePort(), [
          `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
          `sentinel down-after-milliseconds ${name} 2000`,
          `sentinel failover-timeout ${name} 3000`,
        ]),
      );
    }
    const set = new RedisSentinels(name, servers, sentinels);
    await until("the sentinels know all", () => set.#knowsAll());
    return set;
  }

  /** Of the sentinels. */
  get ports(): number[] {
    return this.#sentinels.map(({ port }) => port);
  }

  async master(): Promise<RedisServer> {
    const [sentinel] = this.#sentinels as [RedisServer];
    const reply = await ask(sentinel, ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.#name]);
    const [, port] = reply as [string, string];
    return this.#servers.find((server) => server.port === Number(port)) as RedisServer;
  }

  /** Resolves when the sentinels have named another master. */
  async replaced(former: RedisServer): Promise<void> {
    await until("another master", async () => {
      const next = await this.master();
      return next !== former && String(await ask(next, ["ROLE"])).startsWith("master");
    });
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#sentinels, ...this.#servers].map((server) => server.remove()));
  }

  async #knowsAll(): Promise<boolean> {
    const counts = await Promise.all(
      this.#sentinels.map(async (sentinel) => {
        const client = await ask(sentinel, ["SENTINEL", "MASTER", this.#name]);
        const fields = client as string[];
        const value = (name: string) => Number(fields[fields.indexOf(name) + 1]);
        return value("num-slaves") === REPLICAS && value("num-other-sentinels") === SENTINELS - 1;
      }),
    );
    return counts.every(Boolean);
  }
}
