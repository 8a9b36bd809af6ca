import type { ControlState, Controls, NodeState, Wish } from "./controls.js";
import type { MadeUpShop } from "./shop/made-up-shop.js";

/** The part of the nodes of a cluster that the controls need. */
export interface ControlledNodes {
  states(): readonly NodeState[];
  kill(name: string): void;
}

/**
 * The controls of a shop in this process. The shop opens when the first page is opened, because no one sees it before,
 * unless it was switched before.
 */
export class OwnControls implements Controls {
  readonly #shop: MadeUpShop;
  readonly #nodes: ControlledNodes | undefined;
  readonly #listeners = new Set<() => void>();
  #wasSwitched = false;

  constructor(shop: MadeUpShop, nodes?: ControlledNodes) {
    this.#shop = shop;
    this.#nodes = nodes;
  }

  get state(): ControlState {
    const nodes = this.#nodes?.states();
    return { isShopOpen: this.#shop.isOpen, ...(nodes && { nodes }) };
  }

  ask(wish: Wish): void {
    if (wish.kind === "kill") {
      this.#nodes?.kill(wish.node);
    } else if (wish.kind === "shop") {
      this.#wasSwitched = true;
      this.#switchShop({ isOpen: wish.isOpen });
    } else if (!this.#wasSwitched) {
      this.#switchShop({ isOpen: true });
    }
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Call it when the state has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #switchShop({ isOpen }: { isOpen: boolean }): void {
    if (isOpen === this.#shop.isOpen) return;
    if (isOpen) this.#shop.open();
    else void this.#shop.close();
    this.changed();
  }
}
