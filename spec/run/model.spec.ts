import { setTimeout as wait } from "node:timers/promises";
import { describeWith } from "../support/describe-with.js";
import { openStream } from "../support/open-stream.js";
import { RedisServer } from "../support/redis.js";
import { Random } from "../model/random.js";
import { CountingFollower } from "./counting-follower.js";
import { RunNode } from "./run-process.js";

const DRAWN_SEED = Math.floor(Math.random() * 2 ** 31);
// The name of a test tells what to set: SEED=5 npx jest spec/run/model.spec.ts
const SEEDS = process.env.SEED === undefined ? [1, 2, DRAWN_SEED] : [Number(process.env.SEED)];
const STEPS = 250;
const SETTLE_MS = 40_000;

interface ModelRun {
  readonly id: string;
  readonly count: number;
  readonly followers: CountingFollower[];
}

describeWith(
  ["/usr/bin/redis-server"],
  "whatever befalls runs, their nodes and their Redis",
  () => {
    it.each(SEEDS)(
      "each follower has a beginning of its run, all of it when it is done, and learns how it ended (SEED=%d)",
      async (seed) => {
        const random = new Random(seed);
        const redis = await RedisServer.start();
        const nodes = await Promise.all([RunNode.start(redis.url), RunNode.start(redis.url)]);
        const urls = nodes.map(({ url }) => url);
        const runs: ModelRun[] = [];
        const ends = new Set<string>();
        let losses = 0;
        let fault: Promise<void> = Promise.resolve();
        let isFaulty = false;

        const begin = () => {
          const run = { id: `run${runs.length}`, count: 20 + random.below(300), followers: [] };
          runs.push(run);
          const fails = random.chance(0.15) ? "yes" : "no";
          return random
            .pick(nodes)
            .ask(`/runs/${run.id}?count=${run.count}&fails=${fails}`, "POST");
        };
        const faults = [
          async () => {
            const node = random.pick(nodes);
            await node.kill();
            await wait(random.below(300));
            await node.run();
          },
          async () => {
            losses += 1;
            await redis.kill();
            await wait(random.below(600));
            await redis.run();
          },
        ];
        const step = () => {
          const draw = random.below(100);
          const run = random.pick(runs);
          const follower = random.pick(runs.flatMap(({ followers }) => followers));
          if (draw < 8) void begin();
          else if (draw < 30 && run !== undefined)
            run.followers.push(new CountingFollower(run.id, urls, random));
          else if (draw < 50) follower?.leave();
          else if (draw < 60) follower?.pause();
          else if (draw < 80) follower?.resume();
          else if (draw < 83 && run !== undefined)
            void random.pick(nodes).ask(`/runs/${run.id}`, "DELETE");
          else if (draw < 87) void random.pick(nodes).ask("/refresh", "POST");
          else if (draw < 90 && !isFaulty) {
            isFaulty = true;
            fault = random
              .pick(faults)()
              .finally(() => {
                isFaulty = false;
              });
          }
        };

        await begin();
        for (let n = 0; n < STEPS; n += 1) {
          step();
          await wait(random.below(30));
        }
        await fault;
        const followers = runs.flatMap((run) =>
          run.followers.map((follower) => ({ run, follower })),
        );
        for (
          let waited = 0;
          followers.some(({ follower }) => follower.end === undefined);
          waited += 50
        ) {
          for (const { follower } of followers) follower.resume();
          expect(waited).toBeLessThan(SETTLE_MS);
          await wait(50);
        }

        expect(followers.flatMap(({ follower }) => follower.faults)).toEqual([]);
        const wrong = followers.filter(({ run, follower }) => {
          ends.add(String(follower.end));
          const { length } = follower.seen;
          if (follower.end === "done") return length !== run.count;
          // What is not there is answered 404: a run that never began, or that Redis lost with its process.
          const isUnknown = follower.end === "404" && (losses > 0 || length === 0);
          return length > run.count || !(isUnknown || ENDS.includes(String(follower.end)));
        });
        expect(wrong.map(({ run, follower }) => [run.id, follower.end, follower.seen])).toEqual([]);
        // A schedule in which nothing is produced and followed shows nothing.
        expect([...ends]).toContain("done");
        for (const { id } of runs) {
          const headers = { "x-name": "bob" };
          // While Redis is away, the answer is 200, and the browser asks again.
          for (let status = 200; status !== 404;) {
            const stranger = await openStream(String(urls[0]), `/runs/${id}`, { headers });
            status = stranger.status;
            expect([id, status, stranger.all]).toEqual([id, expect.any(Number), []]);
            expect([200, 404]).toContain(status);
            if (status === 200) await stranger.closed;
            expect([id, stranger.pending]).toEqual([id, []]);
            stranger.close();
          }
        }
      },
      150_000,
    );
  },
);

const ENDS = ["done", "failed", "cancelled", "lost"];
