import type { RunHeader, RunStore } from "../log/run-store.js";
import { RunRecord } from "./run-record.js";

interface Mirror {
  readonly record: RunRecord;
  readonly stop: () => void;
  users: number;
}

/** Copies of the records of other processes' runs, each kept while a stream of this process reads it. */
export class Mirrors {
  readonly #store: RunStore;
  readonly #mirrors = new Map<string, Mirror>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  open(header: RunHeader): RunRecord {
    const mirror = this.#mirrors.get(header.token) ?? this.#create(header);
    mirror.users += 1;
    return mirror.record;
  }

  /** Undoes one call of {@link open}. */
  close({ token }: RunHeader): void {
    const mirror = this.#mirrors.get(token);
    if (mirror === undefined) return;
    mirror.users -= 1;
    if (mirror.users > 0) return;
    this.#mirrors.delete(token);
    mirror.stop();
  }

  /** The tokens of the runs, each with its number of readers. */
  readers(): Array<[token: string, readers: number]> {
    return [...this.#mirrors].map(([token, { record }]) => [token, record.readers]);
  }

  #create(header: RunHeader): Mirror {
    const record = new RunRecord(header.token);
    const mirror = { record, stop: this.#store.follow(header, record), users: 0 };
    this.#mirrors.set(header.token, mirror);
    return mirror;
  }
}
