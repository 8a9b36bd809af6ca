import { onTestEnd } from "../support/disposers.js";
import { draftOf, type LogWitness } from "../support/log-witness.js";
import type { Node } from "./nodes.js";

/** Events that nodes append one after the other, each as soon as its last one is answered. */
export class Traffic {
  /** What Redis has confirmed, by its id. */
  readonly confirmed = new Map<string, string>();
  readonly #running: ReadonlyArray<Promise<void>>;
  #isStopped = false;
  #n = 0;

  constructor(nodes: readonly Node[]) {
    this.#running = nodes.map((node) => this.#run(node));
    // A log that is closed refuses all at once.
    onTestEnd(() => this.stop());
  }

  /** Resolves when all is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #run({ log }: Node): Promise<void> {
    while (!this.#isStopped) {
      const text = String((this.#n += 1));
      // What is refused, or has no answer, is confirmed by nobody.
      await Promise.resolve(log.append(draftOf(text))).then(
        (id) => this.confirmed.set(id, text),
        () => undefined,
      );
    }
  }
}

/** What a witness was given, from one break of the log to the next. */
export function livesOf({ record }: LogWitness): string[][] {
  const lives: string[][] = [[]];
  for (const text of record) {
    if (text === "break") lives.push([]);
    else lives.at(-1)?.push(text);
  }
  return lives;
}

/** Confirmed events of one life of the log that a reader of all of that life was not given in their place. */
export function missingOf(
  { confirmed }: Traffic,
  epoch: string,
  life: readonly string[],
): string[] {
  return [...confirmed]
    .filter(([id]) => id.startsWith(`${epoch}.`))
    .filter(([id, text]) => life[Number(id.split(".")[1]) - 1] !== text)
    .map(([id, text]) => `${text} at ${id}`);
}
