import { setImmediate as nextTick } from "node:timers/promises";
import { Random } from "../../model/random.js";

const random = new Random(7);

/** Lets some turns of the event loop go by, as what looks for a user does. */
export async function aWhile(): Promise<void> {
  for (let hop = random.below(6); hop > 0; hop -= 1) await nextTick();
}
