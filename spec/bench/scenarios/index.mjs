import { fleet, growth } from "./growth.mjs";
import { connect, idle, returns, storm } from "./holding.mjs";
import { looking } from "./looking.mjs";
import { nodes } from "./nodes.mjs";
import { coalesced, flatOut } from "./publishing.mjs";
import { requests } from "./requests.mjs";
import { burst, loopDelay, overload, paced, saturated } from "./spread.mjs";
import { stalled } from "./stalled.mjs";
import { matcher, oneRecipient } from "./targeted.mjs";
import { tokens } from "./tokens.mjs";

/**
 * What is measured. A scenario has
 * - `takesVariants`, if another mode of a server counts in a quick run, too;
 * - `takes(peer)`, if not all that speak Server-Sent Events take part;
 * - `cases({ peers, isQuick })`: what is run, side by side; a case has a `peer` or a `label`, and both if
 *   a peer has several;
 * - `run({ start, isQuick, limit, ...case })`: one measurement. `start(options)` gives a Stage with
 *   the peer's server, ended afterwards; `limit(n)` the connections out of n that fit here;
 *   `onEnd(f)` has something ended after the servers; `entry` is that of the built package;
 * - `metrics`: what `run` gives, each with its key, its heading and its digits;
 * - `isDrawnWhole`, if the chart shows all metrics, not the first one only;
 * - `goals`: what is to be at most `limit`, from the metrics of one repeat.
 */
export const scenarios = [
  paced,
  saturated,
  burst(10, 0.15),
  burst(100, 0.03),
  overload,
  coalesced,
  flatOut,
  matcher,
  oneRecipient,
  loopDelay,
  connect,
  storm,
  idle,
  returns,
  stalled,
  nodes,
  growth,
  fleet,
  looking,
  requests,
  tokens,
];
