import type { StateSignal } from "./signal.js";
import type { Lead, Told } from "./tab-message.js";

// How many events a tab keeps at most until it has caught up.
const MAX_KEPT = 1_000;

/** What a tab knows about the leader, the tab with the connection. */
export class Leader {
  state: StateSignal | undefined;
  /** The audience key of the leader: tabs with the same key receive the same events. */
  audience: string | undefined;
  /** The cursor that this tab must reach before it can go on with the kept events. */
  goal: string | undefined;
  #kept: Told[] = [];

  onLead({ cursor, state, audience }: Lead): void {
    this.onState(state);
    this.audience = audience;
    this.goal ??= cursor;
  }

  onState(state: StateSignal): void {
    // Events of an earlier connection may have been for another user.
    if (state.connection !== this.state?.connection) this.forget();
    this.state = state;
  }

  /** Keeps an event of the leader until this tab has caught up. */
  keep(told: Told): void {
    const { kind, id } = told.signal;
    // Without an id this tab cannot tell whether it has received the event over its own connection.
    if (kind === "end" || id === undefined) return;
    // From now on the leader has a cursor.
    if (told.signal.event === "hub:open") {
      this.goal ??= id;
      return;
    }
    this.#kept.push(told);
    if (this.#kept.length < MAX_KEPT) return;
    this.goal = id;
    this.#kept = [];
  }

  /** Returns the kept events, and forgets them. */
  take(): Told[] {
    return this.#kept.splice(0);
  }

  forget(): void {
    this.goal = undefined;
    this.audience = undefined;
    this.#kept = [];
  }
}
