import { setTimeout as wait } from "node:timers/promises";
import type { RunEndReason, RunHeader } from "express-sse-hub";
import { FollowedRun, type RunEntry } from "../../lib/shared-log/followed-run.js";

const RUN: RunHeader = { id: "a", token: "t", for: null, since: 0, leaseMs: 1, keepMs: 1 };

function follow(...verdicts: Array<"gone" | "in" | RunEndReason>) {
  const got: string[] = [];
  const ends: RunEndReason[] = [];
  const sink = {
    append: (frames: readonly Buffer[]) => got.push(...frames.map(String)),
    finish: (reason: RunEndReason) => ends.push(reason),
  };
  const expire = () => Promise.resolve({ verdict: verdicts.shift() ?? "in", restMs: 0 });
  return { followed: new FollowedRun(RUN, sink, expire), got, ends };
}

const batch = (last: number, ...frames: string[]): RunEntry => ({
  first: last - frames.length + 1,
  frames: frames.map((frame) => Buffer.from(frame)),
});
const end = (reason: RunEndReason): RunEntry => ({ end: reason });

describe("the record of a run that is read from a server", () => {
  it("is given once and in order, also where it was written anew in other pieces", () => {
    const { followed, got, ends } = follow();
    followed.ingest([batch(1, "a"), batch(3, "bb", "c")]);
    expect(followed.position).toBe(3);
    followed.ingest([batch(5, "a", "bb", "c", "d", "e"), end("done")]);
    expect([got, ends, followed.hasEnded]).toEqual([["a", "bb", "c", "d", "e"], ["done"], true]);
  });

  it.each<[string, Array<RunEntry | null>]>([
    ["has a hole", [batch(2, "a", "b"), batch(4, "d")]],
    ["is not understood", [batch(2, "a", "b"), null]],
  ])("is lost where it %s: nothing is given as if it were all", (_what, entries) => {
    const { followed, got, ends } = follow();
    followed.ingest(entries);
    followed.ingest([end("done")]);
    expect([got, ends]).toEqual([["a", "b"], ["lost"]]);
  });

  it("is lost when it is gone and its producer does not write it anew", async () => {
    const { followed, ends } = follow("in", "gone", "gone");
    for (let looks = 0; !followed.hasEnded; looks += 1) {
      followed.look();
      await wait(5);
      expect(looks).toBeLessThan(1_000);
    }
    expect(ends).toEqual(["lost"]);
  });
});
