import type { ControlState } from "../controls.js";
import type { ConsoleHello } from "../say-hello.js";

/** What a node is told by the process that started it. A node sends the port it listens on first, and then wishes. */
export type NodeMessage = { readonly hello: ConsoleHello } | { readonly state: ControlState };
