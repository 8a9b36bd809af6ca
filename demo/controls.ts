/** One of several nodes, as the page draws it. */
export interface NodeState {
  readonly name: string;
  readonly isUp: boolean;
}

/** What runs beside the application. The page shows it. */
export interface ControlState {
  /** Whether the made-up users come and go. */
  readonly isShopOpen: boolean;
  /** Only where there are several nodes. */
  readonly nodes?: readonly NodeState[];
}

/** What the page can have done beside the application. */
export type Wish =
  | { readonly kind: "page" }
  | { readonly kind: "shop"; readonly isOpen: boolean }
  | { readonly kind: "kill"; readonly node: string };

/** The made-up shop and the nodes, wherever they run: in this process, or in the one that started it. */
export interface Controls {
  readonly state: ControlState;
  /** Has something done. `page` says that somebody looks at the page. */
  ask(wish: Wish): void;
  /** Calls back after each change of the state. */
  onChange(listener: () => void): void;
}
