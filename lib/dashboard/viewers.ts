import type { Cluster } from "../cluster/cluster.js";
import type { NodeSample } from "../cluster/node-sample.js";
import type { StreamConnection } from "../connection/stream-connection.js";

const EVERY_MS = 500;
// The other nodes are asked every second time.
const OTHERS_EVERY = 2;
// So many times nothing is told yet where the others take long to answer the first time.
const PATIENT_TICKS = 6;
// What others said longer ago is not shown: a log that is away takes long to say so.
const OTHERS_MS = 5_000;

/** The open pages of a dashboard, which are told the numbers of all nodes. Without one nobody is asked. */
export class Viewers {
  readonly #cluster: Cluster;
  readonly #open = new Set<StreamConnection>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  #asked: Promise<void> = Promise.resolve();
  #isAsking = false;
  #isFirst = true;
  // As they were last told; one that does not answer any more is not among them.
  #others: readonly NodeSample[] = [];
  #othersAt = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @param token what the page is to send along with its calls */
  add(connection: StreamConnection, token: string): void {
    if (connection.signal.aborted) return;
    this.#open.add(connection);
    connection.signal.addEventListener("abort", () => {
      this.#remove(connection);
    });
    if (this.#timer === undefined) this.#start();
    connection.opened.then(
      async () => {
        tell(connection, "welcome", { token });
        await this.#asked;
        tell(connection, "flow", this.#flow());
      },
      // It has ended before: its signal has told so.
      () => undefined,
    );
  }

  #start(): void {
    this.#others = [];
    [this.#isFirst, this.#ticks] = [true, 0];
    this.#ask();
    this.#timer = setInterval(() => {
      this.#ticks += 1;
      if (this.#ticks % OTHERS_EVERY === 0) this.#ask();
      if (this.#isFirst && this.#ticks < PATIENT_TICKS) return;
      const flow = this.#flow();
      for (const connection of this.#open) tell(connection, "flow", flow);
    }, EVERY_MS).unref();
  }

  #remove(connection: StreamConnection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  // One question at a time: nodes that are slow are not asked more.
  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#asked = this.#cluster
      .samples()
      .then(
        (samples) => {
          this.#others = samples;
          this.#othersAt = performance.now();
        },
        // The log is away, which the node's own numbers tell. What the others do is not known.
        () => {
          this.#others = [];
        },
      )
      .finally(() => {
        this.#isAsking = false;
        this.#isFirst = false;
      });
  }

  #flow(): object {
    const own = this.#cluster.sample();
    const isFresh = performance.now() - this.#othersAt < OTHERS_MS;
    const others = isFresh ? this.#others.filter(({ id }) => id !== own.id) : [];
    return { self: own.id, nodes: [own, ...others] };
  }
}

// The numbers of many nodes may be larger than the application's events may be.
function tell(connection: StreamConnection, event: "welcome" | "flow", data: object): void {
  connection.sendUpTo(Infinity, event, data);
}
