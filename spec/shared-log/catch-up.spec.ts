import { CatchUp } from "../../lib/shared-log/catch-up.js";
import type { LogMirror } from "../../lib/shared-log/log-mirror.js";

it("does not wait for an epoch that was over before the answer of the server arrived", async () => {
  const mirror = { epoch: "one", hasRead: () => false };
  const catchUp = new CatchUp({
    mirror: mirror as unknown as LogMirror,
    ask: () => {
      mirror.epoch = "two";
      return Promise.resolve({ epoch: "one", head: 5 });
    },
  });
  await expect(catchUp.reach()).resolves.toBeUndefined();
});
