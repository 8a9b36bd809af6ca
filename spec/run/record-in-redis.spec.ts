import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { RunEndReason, RunHeader, RunSink, RunStore } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";

let names = 0;
const context = new AsyncLocalStorage();

describeWithRedis("the record of a run in Redis", (urlOf) => {
  function openStore(name = `records${(names += 1)}`): RunStore {
    const log = redisLog({ url: urlOf(), name });
    onTestEnd(() => log.close());
    return log.runs as RunStore;
  }

  it("is given from the first event to who follows it again while an answer for another is on its way", async () => {
    const store = openStore();
    await store.begin(RUN);
    let kept = new Kept();
    let leave = store.follow(RUN, kept);
    for (let n = 1; n < 30; n += 1) {
      await store.write(RUN, { after: n - 1, frames: framesOf(n), end: null });
      while (kept.events.length < n && kept.end === null) await wait(1);
      expect([kept.events, kept.end]).toEqual([wordsUpTo(n), null]);
      // In one turn with the next write, so that what is read for the one arrives when the other is there.
      leave();
      kept = new Kept();
      leave = store.follow(RUN, kept);
    }
    leave();
  });

  it("is not read in the name of the request that followed first", async () => {
    const store = openStore();
    const contexts: unknown[] = [];
    const sink = { append: () => contexts.push(context.getStore()), finish: () => undefined };
    await store.begin(RUN);
    const leave = context.run("request 1", () => store.follow(RUN, sink));
    await store.write(RUN, { after: 0, frames: framesOf(1), end: null });
    while (contexts.length === 0) await wait(1);
    expect(contexts).toEqual([undefined]);
    leave();
  });
});

/** What a reader has been given. */
class Kept implements RunSink {
  readonly events: string[] = [];
  end: RunEndReason | null = null;

  append(frames: readonly Buffer[]): void {
    this.events.push(...frames.map(String));
  }

  finish(reason: RunEndReason): void {
    this.end = reason;
  }
}

function framesOf(n: number): Buffer[] {
  return [Buffer.from(`data: w${n}\n\n`)];
}

function wordsUpTo(n: number): string[] {
  return Array.from({ length: n }, (_, i) => `data: w${i + 1}\n\n`);
}

const RUN: RunHeader = {
  id: "a",
  token: "token1",
  for: null,
  since: 1,
  leaseMs: 5_000,
  keepMs: 5_000,
};
