import { randomBytes } from "node:crypto";
import { publisher, type Publisher } from "express-sse-hub/redis";
import { Counter } from "./counter.js";
import { DemoNode } from "./demo-node.js";
import { findPrograms } from "./find-programs.js";
import { freePort } from "./free-port.js";
import type { Program } from "./program.js";
import { startNginx } from "./start-nginx.js";
import { startRedis } from "./start-redis.js";

const NAMES = ["node 1", "node 2", "node 3"];

/** Where the files of the programs go, and who is told how it goes. */
export interface ClusterSettings {
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** A Redis, three nodes of the demo, an nginx in front of them, and somebody who counts. */
export class Cluster {
  readonly #settings: ClusterSettings;
  #nodes: readonly DemoNode[] = [];
  #redis: Program | undefined;
  #nginx: Program | undefined;
  #publisher: Publisher | undefined;
  #counter: Counter | undefined;
  #isStopped = false;

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
  }

  /** Starts everything, and gives the port to go to. Rejects with what to do about it. */
  async start(wantedPort: number): Promise<number> {
    const { folder, say } = this.#settings;
    const files = findPrograms("redis-server", "nginx");
    const port = await freePort(wantedPort);
    const { redis, url } = await startRedis(files["redis-server"], folder);
    this.#redis = redis;
    void redis.ended.then((how) => {
      this.#onEnd("Redis", how);
    });
    say(`Redis   ${url}, process ${String(redis.pid)}`);
    await this.#startNodes(url);
    const nodePorts = this.#nodes.map((node) => node.port);
    this.#nginx = await startNginx({ file: files.nginx, folder, port, nodePorts });
    void this.#nginx.ended.then((how) => {
      this.#onEnd("nginx", how);
    });
    say(`nginx   http://127.0.0.1:${port}, process ${String(this.#nginx.pid)}`);
    this.#publisher = publisher({ url });
    this.#publisher.on("error", ({ message }) => {
      say(message);
    });
    this.#counter = new Counter(this.#publisher);
    return port;
  }

  /** The node of that number; undefined while it is not up. */
  node(ordinal: number): DemoNode | undefined {
    return this.#nodes.find(({ name, isUp }) => isUp && name === `node ${ordinal}`);
  }

  /** One of the nodes that are up, at random; undefined while there is none. */
  anyNode(): DemoNode | undefined {
    const up = this.#nodes.filter(({ isUp }) => isUp);
    return up[Math.floor(Math.random() * up.length)];
  }

  /** Stops everything: the nodes first, which tell their streams. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#counter?.stop();
    await this.#publisher?.close();
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.#nginx?.stop();
    await this.#redis?.stop();
  }

  #onEnd(name: string, how: string): void {
    if (!this.#isStopped) this.#settings.say(`${name} has ended: ${how}.`);
  }

  async #startNodes(redisUrl: string): Promise<void> {
    const { say } = this.#settings;
    const secret = randomBytes(32).toString("base64url");
    this.#nodes = NAMES.map((name) => new DemoNode({ name, redisUrl, secret, say }));
    await Promise.all(
      this.#nodes.map(async (node) => {
        await node.start();
        say(`${node.name}  http://localhost:${node.port}, process ${String(node.pid)}`);
      }),
    );
  }
}
