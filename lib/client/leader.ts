import type { StateSignal } from "./signal.js";
import type { Lead, Told } from "./tab-message.js";

// A tab that cannot catch up keeps no more than so many events.
const MAX_KEPT = 1_000;

/** What a tab has heard of the one that has the connection. */
export class Leader {
  state: StateSignal | undefined;
  /** What the hub calls those who hear the same as the leader. */
  audience: string | undefined;
  /** Who has read up to here goes on with what was kept. */
  goal: string | undefined;
  #kept: Told[] = [];

  onLead({ cursor, state, audience }: Lead): void {
    this.onState(state);
    this.audience = audience;
    this.goal ??= cursor;
  }

  onState(state: StateSignal): void {
    // What came over another connection was perhaps for another user.
    if (state.connection !== this.state?.connection) this.forget();
    this.state = state;
  }

  /** Keeps what the leader told until this tab has read as far. */
  keep(told: Told): void {
    const { kind, id } = told.signal;
    // Without an id nobody knows whether this tab's own connection has given it.
    if (kind === "end" || id === undefined) return;
    // A leader that had no cursor when it was asked has one from here on.
    if (told.signal.event === "hub:open") {
      this.goal ??= id;
      return;
    }
    this.#kept.push(told);
    if (this.#kept.length < MAX_KEPT) return;
    this.goal = id;
    this.#kept = [];
  }

  /** Gives what was kept, and keeps it no more. */
  take(): Told[] {
    return this.#kept.splice(0);
  }

  forget(): void {
    this.goal = undefined;
    this.audience = undefined;
    this.#kept = [];
  }
}
