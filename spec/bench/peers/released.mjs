// The same with `releaseRequest`: of a stream only its socket is kept.
import { start as startHub } from "./express-sse-hub.mjs";

export const name = "express-sse-hub released";
export const isHub = true;
/** The same server in another mode: in a quick run only where the mode is what is measured. */
export const isVariant = true;
export const takesSessions = true;
export const takesAudiences = true;

export function start(given) {
  return startHub({ ...given, hubOptions: { releaseRequest: true } });
}
