// What specs import as the package in `npm run test:released`: a hub lets go of the requests of its
// streams, unless a spec says what it keeps.
import { createHub as createPlainHub, type Hub, type HubOptions } from "../../lib/index.js";

export * from "../../lib/index.js";

export function createHub(options: HubOptions = {}): Hub {
  // What are no options is refused as it is.
  const isObject = typeof options === "object" && (options as unknown) !== null;
  return createPlainHub(isObject ? { releaseRequest: true, ...options } : options);
}
