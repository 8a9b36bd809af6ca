import type { ControlState, Controls, Wish } from "../controls.js";

/** The controls as a node has them: they are in the process that started it. */
export class NodeControls implements Controls {
  state: ControlState = { isShopOpen: false, nodes: [] };
  readonly #listeners = new Set<() => void>();

  ask(wish: Wish): void {
    process.send?.(wish);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes over what the other process tells. */
  take(state: ControlState): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }
}
