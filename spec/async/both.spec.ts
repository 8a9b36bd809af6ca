import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { both } from "../../lib/async/both.js";
import { watchRejections } from "../support/watch-rejections.js";

it("may be left alone, although one of two promises is rejected", async () => {
  const unhandled = watchRejections();
  const fails = Promise.reject(new Error("down"));
  fails.catch(() => undefined);

  const all = both(fails, once(process, "never"));
  await turn();
  await turn();

  expect(unhandled).toEqual([]);
  await expect(all).rejects.toThrow("down");
});
