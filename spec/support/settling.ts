import { RecentChanges } from "../../lib/session/recent-changes.js";
import { onTestEnd } from "./disposers.js";

/** From now until the end of the test, every read of a session is taken to be as new as it can be. */
export function changesSettleAtOnce(): void {
  const replaced = jest.replaceProperty(RecentChanges, "settleMs", 0);
  onTestEnd(() => {
    replaced.restore();
  });
}
