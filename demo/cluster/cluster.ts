import { randomBytes } from "node:crypto";
import type { Publisher } from "express-sse-hub/redis";
import type { Wish } from "../controls.js";
import { OwnControls } from "../own-controls.js";
import { MadeUpShop } from "../shop/made-up-shop.js";
import { Counter } from "./counter.js";
import { DemoNode } from "./demo-node.js";
import { findPrograms } from "./find-programs.js";
import { freePort } from "./free-port.js";
import type { Program } from "./program.js";
import { startNginx } from "./start-nginx.js";
import type { SharedKind, SharedServer } from "./shared-server.js";

const NAMES = ["node 1", "node 2", "node 3"];

/** Where the files of the programs go, and who is told how it goes. */
export interface ClusterSettings {
  readonly kind: SharedKind;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** A Redis or a PostgreSQL, three nodes of the demo, an nginx in front of them, somebody who counts, and a made-up shop. */
export class Cluster {
  readonly #settings: ClusterSettings;
  #nodes: readonly DemoNode[] = [];
  #shared: SharedServer | undefined;
  #nginx: Program | undefined;
  #publisher: Publisher | undefined;
  #counter: Counter | undefined;
  #isStopped = false;
  #port = 0;
  readonly #shop = new MadeUpShop(() => `http://127.0.0.1:${this.#port}`);
  readonly #controls: OwnControls;

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
    this.#controls = new OwnControls(this.#shop, {
      states: () => this.#nodes.map(({ state }) => state),
      kill: (name) => this.#nodes.find((node) => node.isUp && node.name === name)?.kill(),
    });
    // Each node tells the pages that are on it.
    this.#controls.onChange(() => {
      for (const node of this.#nodes) node.show(this.#controls.state);
    });
  }

  /** Starts everything, and gives the port to go to. Rejects with what to do about it. */
  async start(wantedPort: number): Promise<number> {
    const { folder, say, kind } = this.#settings;
    const { nginx = "" } = findPrograms(...kind.programs, "nginx");
    const port = await freePort(wantedPort);
    this.#port = port;
    const shared = await kind.start(folder);
    this.#shared = shared;
    void shared.program.ended.then((how) => {
      this.#onEnd(shared.name, how);
    });
    say(`${shared.name.padEnd(7)} ${shared.url}, process ${String(shared.program.pid)}`);
    await this.#startNodes(shared);
    const nodePorts = this.#nodes.map((node) => node.port);
    this.#nginx = await startNginx({ file: nginx, folder, port, nodePorts });
    void this.#nginx.ended.then((how) => {
      this.#onEnd("nginx", how);
    });
    say(`nginx   http://127.0.0.1:${port}, process ${String(this.#nginx.pid)}`);
    this.#publisher = shared.createPublisher();
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
    await this.#shop.close();
    await this.#counter?.stop();
    await this.#publisher?.close();
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.#nginx?.stop();
    await this.#shared?.program.stop();
  }

  #onEnd(name: string, how: string): void {
    if (!this.#isStopped) this.#settings.say(`${name} has ended: ${how}.`);
  }

  async #startNodes({ env }: SharedServer): Promise<void> {
    const { say } = this.#settings;
    const secret = randomBytes(32).toString("base64url");
    const heard = {
      onChange: () => {
        this.#controls.changed();
      },
      onWish: (wish: Wish) => {
        this.#controls.ask(wish);
      },
    };
    this.#nodes = NAMES.map((name) => new DemoNode({ name, shared: env, secret, say, ...heard }));
    await Promise.all(
      this.#nodes.map(async (node) => {
        await node.start();
        say(`${node.name}  http://localhost:${node.port}, process ${String(node.pid)}`);
      }),
    );
  }
}
