import { ServerError } from "../../shared-log/server-error.js";
import { withTimer } from "../../shared-log/timer.js";
import { leadsElsewhere } from "../refusal.js";
import { textOf, type Address, type CreateClient, type OwnClient } from "./own-client.js";

// How long one server may take to answer before the next one is asked.
const ASK_MS = 2_000;

/** The servers of a cluster, or the sentinels of a master, and how to connect to the server that they name. */
export interface Topology {
  /** The servers or sentinels to ask. */
  readonly seeds: () => readonly Address[];
  /** Makes a client for one of the seeds. */
  readonly openSeed: (address: Address) => OwnClient;
  /** Makes a client for a server that a seed has named. */
  readonly open: (address: Address) => OwnClient;
  /** Translates an address that a seed has named to one that can be reached from here. */
  readonly map: (address: Address) => Address;
}

/**
 * Finds the master of a key's slot. It asks one node after the other, because any of them may be down. A slot that is
 * being moved is found at its old master until the move is done.
 */
export function clusterMaster(topology: Topology): CreateClient {
  let known: readonly Address[] = [];
  const seeds = new Seeds(topology);
  return async (key) => {
    const all = [...known, ...topology.seeds()];
    const { master, nodes } = await seeds.ask(all, async (client) => {
      const slot = Number(await client.send(["CLUSTER", "KEYSLOT", key]));
      return readSlots(await client.send(["CLUSTER", "SLOTS"]), slot, client.server);
    });
    known = nodes.map(topology.map);
    return watched(followed(topology.open(topology.map(master))), seeds);
  };
}

// Elsewhere, MOVED means that the application has named a wrong node. Here it means that the slot has moved, which
// passes, so it gets another kind of trouble.
function followed(client: OwnClient): OwnClient {
  const send = client.send.bind(client);
  return Object.assign(client, {
    send: (args: ReadonlyArray<string | Buffer>) =>
      send(args).catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith("MOVED")) {
          error.message = `SLOT ${error.message}`;
        }
        throw error;
      }),
  });
}

// If the named master cannot be reached, or is not a master, the seed that named it is outdated.
function watched(client: OwnClient, seeds: Seeds): OwnClient {
  const [connect, send] = [client.connect.bind(client), client.send.bind(client)];
  const distrust = (error: unknown) => {
    seeds.distrust();
    throw error;
  };
  return Object.assign(client, {
    connect: () => connect().catch(distrust),
    send: (args: ReadonlyArray<string | Buffer>) =>
      send(args).catch((error: unknown) => {
        if (leadsElsewhere(error)) seeds.distrust();
        throw error;
      }),
  });
}

/** Finds the master that the sentinels know by this name. */
export function sentinelMaster(name: string, topology: Topology): CreateClient {
  const seeds = new Seeds(topology);
  return async () => {
    const master = await seeds.ask(topology.seeds(), async (client) => {
      const reply = await client.send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
      if (!Array.isArray(reply)) {
        throw new Error(`The sentinel knows no master with the name ${name}. Check the name.`);
      }
      return toAddress(reply[0], reply[1]);
    });
    return watched(topology.open(topology.map(master)), seeds);
  };
}

/**
 * Asks one server after the other until one answers. The server that answered last is asked first, so that all
 * connections are led to the same master. If its answer was wrong it is asked last: a server that is cut off from the
 * others still names the old master.
 */
class Seeds {
  readonly #openSeed: Topology["openSeed"];
  #last = "";
  #isDistrusted = false;

  constructor({ openSeed }: Topology) {
    this.#openSeed = openSeed;
  }

  async ask<T>(
    addresses: readonly Address[],
    question: (client: OwnClient) => Promise<T>,
  ): Promise<T> {
    let trouble: unknown = new Error("The client names no server. Expected at least one.");
    for (const address of this.#inTurn(unique(addresses))) {
      const client = this.#openSeed(address);
      // Ignored, because a lost connection rejects the question.
      client.onLost(() => undefined);
      const asking = client.connect().then(() => question(client));
      try {
        const answer = await withTimer(asking, ASK_MS, "Redis has not answered");
        this.#last = textOf(address);
        this.#isDistrusted = false;
        return answer;
      } catch (cause) {
        trouble = new ServerError(client.server, cause);
      } finally {
        client.destroy();
      }
    }
    throw trouble;
  }

  /** The last answer was wrong. */
  distrust(): void {
    this.#isDistrusted = true;
  }

  #inTurn(addresses: readonly Address[]): Address[] {
    const isLast = (address: Address) => textOf(address) === this.#last;
    const [last, others] = [addresses.filter(isLast), addresses.filter((one) => !isLast(one))];
    return this.#isDistrusted ? [...others, ...last] : [...last, ...others];
  }
}

function readSlots(
  reply: unknown,
  slot: number,
  asked: string,
): { readonly master: Address; readonly nodes: readonly Address[] } {
  const ranges = reply as Array<[from: number, to: number, ...nodes: Array<[Buffer, number]>]>;
  const [, , ...holders] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [];
  const [master] = holders as Array<[Buffer, number]>;
  if (master === undefined) throw new Error("CLUSTERDOWN No node serves the slot of the log.");
  // A node that does not know its own address leaves it out.
  const own = asked.slice(0, asked.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  const nodes = ranges.flatMap(([, , ...some]) => some);
  const read = ([host, port]: [Buffer | null, number]) => toAddress(host ?? own, port, own);
  return { master: read(master), nodes: unique(nodes.map(read)) };
}

function toAddress(host: unknown, port: unknown, own = ""): Address {
  const name = String(host);
  return { host: name === "" || name === "?" ? own : name, port: Number(port) };
}

function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((address) => [textOf(address), address])).values()];
}
