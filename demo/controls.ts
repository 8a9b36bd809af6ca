/** One of several nodes, as the page draws it. */
export interface NodeState {
  readonly name: string;
  readonly isUp: boolean;
}

/** The state of the shop and the nodes. The page shows it. */
export interface ControlState {
  /** True while made-up users come and go. */
  readonly isShopOpen: boolean;
  /** Only if there are several nodes. */
  readonly nodes?: readonly NodeState[];
}

/** Something that the page can ask for. `page` only says that a page is open. */
export type Wish =
  | { readonly kind: "page" }
  | { readonly kind: "shop"; readonly isOpen: boolean }
  | { readonly kind: "kill"; readonly node: string };

/** Controls the made-up shop and the nodes, in this process or in the one that started it. */
export interface Controls {
  readonly state: ControlState;
  /** Asks the shop or the nodes to do something. */
  ask(wish: Wish): void;
  /** Calls back after each change of the state. */
  onChange(listener: () => void): void;
}
