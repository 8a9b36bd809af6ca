import { resolveHubOptions, type HubOptions } from "./hub-options.js";
import type { Hub } from "./hub.js";
import { SseHub } from "./sse-hub.js";

/** Makes a hub. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function createHub(options: HubOptions = {}): Hub {
  return new SseHub(resolveHubOptions(options));
}
