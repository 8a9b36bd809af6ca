/** What a node is asked to broadcast. Its data begins with its number, by which it is known again. */
export interface Draft {
  readonly n: number;
  readonly rooms: readonly string[] | null;
  readonly profile: string | null;
  readonly except: string | null;
  readonly key: string | null;
  readonly isVolatile: boolean;
  /** Bytes that are sent along. */
  readonly size: number;
}

/** The same as the model knows it. */
export interface Broadcast extends Draft {
  /** When it was asked for. */
  readonly calledAt: number;
  /** The life of the node that was asked. */
  readonly node: string;
}

/** Somebody's user was changed, or his streams were ended. */
export interface Change {
  readonly login: string;
  /** What it ends: the streams of that user, or all of his that were open when it was asked for. */
  readonly kind: "user" | "refresh" | "disconnect";
  /** The version of the user that is no more. */
  readonly version: number;
  readonly requestedAt: number;
  /** When the answer came: nothing that was broadcast later may reach what it ends. */
  readonly answeredAt: number;
  /** The life of the node that answered. */
  readonly node: string;
  /** False where the other nodes could not be told within the time there is: then it is a matter of `revalidateMs`. */
  readonly isTold: boolean;
}

/** A place in the log, as an id names it. */
export interface Place {
  readonly epoch: string;
  readonly position: number;
}

/** Everything that was done to the application, with what it answered. */
export class Ledger {
  readonly broadcasts = new Map<number, Broadcast>();
  /** What was broadcast in one go, in the order of the calls. */
  readonly batches: number[][] = [];
  readonly changes: Change[] = [];
  /** Places that are taken twice. */
  readonly clashes = new Set<string>();
  /** Number of times the log in Redis was lost, or the server it is on. */
  losses = 0;
  /** From when to when something was wrong with a node or with Redis, and what. */
  readonly troubles: Array<{ readonly kind: string; readonly from: number; until: number }> = [];
  readonly #ids = new Map<number, Set<string>>();
  readonly #byPlace = new Map<string, Map<number, Broadcast>>();
  readonly #trimmed = new Map<string, number>();
  #time = 0;

  /** A moment: later ones are higher. */
  now(): number {
    this.#time += 1;
    return this.#time;
  }

  add(drafts: readonly Draft[], node: string): void {
    const calledAt = this.now();
    for (const draft of drafts) this.broadcasts.set(draft.n, { ...draft, calledAt, node });
    this.batches.push(drafts.map(({ n }) => n));
  }

  /** A broadcast was found to have an id. */
  place(n: number, id: string): void {
    const broadcast = this.broadcasts.get(n);
    const { epoch, position } = placeOf(id);
    this.#ids.set(n, (this.#ids.get(n) ?? new Set()).add(id));
    const places = this.#byPlace.get(epoch) ?? new Map<number, Broadcast>();
    const other = places.get(position)?.n ?? n;
    if (other !== n) this.clashes.add(`${other} and ${n} are both at ${id}`);
    if (broadcast !== undefined) places.set(position, broadcast);
    this.#byPlace.set(epoch, places);
  }

  /** Somebody has taken everything up to there out of the log. */
  trim({ epoch, position }: Place): void {
    this.#trimmed.set(epoch, Math.max(position, this.#trimmed.get(epoch) ?? 0));
  }

  /** Where it is in a life of the log; several places are one too many. */
  positionsOf(n: number, epoch: string): number[] {
    return [...(this.#ids.get(n) ?? [])]
      .map(placeOf)
      .filter((place) => place.epoch === epoch)
      .map(({ position }) => position);
  }

  /** What is known to be after a place, up to another in the same life of the log. */
  between({ epoch, position }: Place, end: number): Array<[position: number, Broadcast]> {
    return [...(this.#byPlace.get(epoch) ?? [])].filter(([at]) => at > position && at <= end);
  }

  /** The lives of the log that were seen. */
  get epochs(): string[] {
    return [...this.#byPlace.keys()];
  }

  /** What was done to a life of the log, for whoever asks why something of it is gone. */
  historyOf(epoch: string): string {
    const troubles = this.troubles.map(({ kind, from, until }) => `${kind} ${from}-${until}`);
    return (
      `${epoch} came to ${this.#newestOf(epoch)} and was trimmed up to ` +
      `${this.#trimmed.get(epoch) ?? 0}; there was ${troubles.join(", ")}`
    );
  }

  /**
   * Whether something after a place may have left a log that keeps so many entries.
   *
   * @param maxEvents what the nodes were told
   */
  hasLost({ epoch, position }: Place, maxEvents: number): boolean {
    if ((this.#trimmed.get(epoch) ?? 0) > position) return true;
    // What the nodes tell each other counts, too, and nobody sees it.
    return this.#newestOf(epoch) + 100 >= position + maxEvents;
  }

  #newestOf(epoch: string): number {
    return Math.max(0, ...(this.#byPlace.get(epoch)?.keys() ?? []));
  }
}

/** Reads an id as a stream names it. */
export function placeOf(id: string | undefined): Place {
  const [epoch = "", position] = id?.split(".") ?? [];
  return { epoch, position: Number(position) };
}
