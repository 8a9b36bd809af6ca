import { setTimeout as wait } from "node:timers/promises";
import { onTestEnd } from "../support/disposers.js";
import { openStream, type StreamReader } from "../support/open-stream.js";
import type { Ledger } from "./ledger.js";
import type { Random } from "./random.js";

/** Somebody's user; each change makes another version. */
export interface ModelUser {
  readonly login: string;
  readonly profile: string;
  readonly version: number;
}

/** One stream of a browser. */
export interface Visit {
  readonly stream: StreamReader;
  /** Where it was opened. */
  readonly url: string;
  /** Whom the node took it for. */
  readonly user: ModelUser | null;
  /** What the browser brought along. */
  readonly cursor: string | undefined;
  /** Which load of the page it belongs to. */
  readonly page: number;
  /** When it was asked for. */
  readonly askedAt: number;
  /** When `hub:open` was there. */
  openedAt: number;
  closedAt: number;
}

/** A return that was answered 204. */
export interface Stop {
  readonly page: number;
  readonly cursor: string | undefined;
  readonly askedAt: number;
}

/**
 * A page with an EventSource behind a balancer: whenever its stream ends it returns to any of the
 * nodes by itself, with its cookie and its cursor, after the time it was told to wait.
 */
export class RoamingReader {
  readonly visits: Visit[] = [];
  /** Statuses that were neither a stream nor the wish that it stops. */
  readonly refusals: number[] = [];
  readonly name: string;
  readonly rooms: readonly string[];
  cookie: string | undefined;
  user: ModelUser | undefined;
  /** It has a stream. */
  isHere = false;
  /** Its user is being changed. */
  isBusy = false;
  /** The times it was answered 204: from then on it stays away until the page is loaded anew. */
  readonly stops: Stop[] = [];
  page = 1;
  readonly #urls: readonly string[];
  readonly #random: Random;
  readonly #ledger: Ledger;
  #isAway = false;
  #isClosed = false;
  #retryMs = 50;
  #version = 1;

  constructor(
    who: Pick<RoamingReader, "name" | "rooms" | "cookie" | "user">,
    world: { urls: readonly string[]; random: Random; ledger: Ledger },
  ) {
    this.name = who.name;
    this.rooms = who.rooms;
    this.cookie = who.cookie;
    this.user = who.user;
    this.#urls = world.urls;
    this.#random = world.random;
    this.#ledger = world.ledger;
    void this.#run();
    onTestEnd(() => {
      this.#isClosed = true;
      this.current?.stream.close();
    });
  }

  get current(): Visit | undefined {
    return this.visits.at(-1);
  }

  /** True when it does not come back by itself. */
  get isStopped(): boolean {
    return this.stops.at(-1)?.page === this.page;
  }

  /** What EventSource would bring along on a return. */
  get cursor(): string | undefined {
    return this.visits
      .filter(({ page }) => page === this.page)
      .findLast(({ stream }) => stream.lastEventId !== undefined)?.stream.lastEventId;
  }

  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  /** Loses the network. */
  leave(): void {
    this.#isAway = true;
    this.current?.stream.close();
  }

  comeBack(): void {
    this.#isAway = false;
  }

  /** Loads the page anew: nothing is left of the cursor. */
  reload(): void {
    this.page += 1;
    this.#isAway = false;
    this.current?.stream.close();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      if (!this.#isAway && !this.isStopped) await this.#visit().catch(() => undefined);
      await wait(this.#retryMs);
    }
  }

  async #visit(): Promise<void> {
    const url = this.#random.pick(this.#urls);
    const { cursor, cookie, page } = this;
    const askedAt = this.#ledger.now();
    const path = `/model?rooms=${this.rooms.join(",")}`;
    const stream = await openStream(url, path, { cookie, lastEventId: cursor });
    if (this.#isAway || this.#isClosed || page !== this.page) {
      stream.close();
      return;
    }
    if (stream.status !== 200) {
      if (stream.status === 204) this.stops.push({ page, cursor, askedAt });
      else this.refusals.push(stream.status);
      return;
    }
    const user = JSON.parse(String(stream.headers["x-user"])) as ModelUser | null;
    const times = { askedAt, openedAt: Infinity, closedAt: Infinity };
    const visit = { stream, url, user, cursor, page, ...times };
    this.visits.push(visit);
    this.isHere = true;
    stream.opened().then(
      () => {
        visit.openedAt = this.#ledger.now();
      },
      () => undefined,
    );
    await stream.closed;
    visit.closedAt = this.#ledger.now();
    this.isHere = false;
    this.#retryMs = stream.retryMs ?? 50;
  }
}
