import { Random } from "../model/random.js";
import { connectTo } from "../redis/nodes.js";
import { onTestEnd } from "../support/disposers.js";
import { openStream, type StreamReader } from "../support/open-stream.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { until, type Shop } from "../support/shop.js";
import { Cluster } from "./cluster.js";
import { RawPage } from "./raw-page.js";

const JOINS = 1_000;
const AT_ONCE = 6;
// Events each of those reads before it leaves.
const READ = 20;
const UNDER_WAY = 16;

/** Broadcasts from all nodes, as fast as the log takes it, until the function it gives is called. */
function publishAtFullSpeed(nodes: readonly Shop[]): () => Promise<number> {
  let [isOn, count] = [true, 0];
  const publishing = nodes.flatMap(({ hub }) =>
    Array.from({ length: UNDER_WAY }, async () => {
      while (isOn) {
        await hub.broadcast("message", "x");
        count += 1;
      }
    }),
  );
  return async () => {
    isOn = false;
    await Promise.all(publishing);
    return count;
  };
}

/** Positions of all ids a stream was given: those of events follow on each other, and on the first. */
function holesIn(stream: StreamReader): string[] {
  const positions = stream.all.map(({ id }) => Number(id?.split(".")[1]));
  return positions.flatMap((position, n) => {
    const before = positions[n - 1];
    return before === undefined || position === before + 1 ? [] : [`${before} → ${position}`];
  });
}

describeWithRedis("three nodes that are published to at full speed", (urlOf) => {
  it("give 1 000 that join and return among them neither gaps nor duplicates [replay-4]", async () => {
    const [, ...nodes] = await Cluster.open({ url: urlOf() });
    // From here on the log holds nothing but events.
    await nodes[0].hub.broadcast("message", "first");
    const hasRead = ({ hub }: Shop) => hub.stats().log.entries > 0;
    await until(() => nodes.every(hasRead), "all have read it");
    const stop = publishAtFullSpeed(nodes);
    onTestEnd(stop);
    const wrong: string[] = [];
    let joins = 0;
    const worker = async () => {
      for (let lastEventId: string | undefined; joins < JOINS;) {
        const node = nodes[(joins += 1) % nodes.length] as Shop;
        // Every third page is new, the others go on where they were, on another node.
        if (joins % 3 === 0) lastEventId = undefined;
        const stream = await openStream(node.url, "/events", { lastEventId });
        const { recovered } = await stream.opened();
        if (recovered !== (lastEventId === undefined ? null : true)) wrong.push(String(recovered));
        await stream.nextData(READ);
        stream.close();
        wrong.push(...holesIn(stream));
        ({ lastEventId } = stream);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));

    expect(await stop()).toBeGreaterThan(JOINS);
    expect(wrong).toEqual([]);
  }, 120_000);
});

// Each takes a descriptor on both ends; RETURNS=10000 needs a limit of more than 20 000.
const RETURNS = Number(process.env.RETURNS ?? 3_000);
const EVENTS = 3_000;
// Those that are for everybody; the others cost a reader only the reading.
const EACH = 100;

describeWithRedis("thousands of browsers that return to a node which has just started", () => {
  it("cost the log no more reads than it has pages, and all get what they missed", async () => {
    const redis = await RedisServer.start();
    const [cluster, ...old] = await Cluster.open({ url: redis.url });
    const { hub } = old[0];
    const { epoch } = hub.health();
    const forAll: number[] = [];
    for (let n = 1; n <= EVENTS; n += EACH) {
      const rest = Array.from({ length: EACH - 1 }, () =>
        hub.to("elsewhere").broadcast("message", "for others"),
      );
      const [id] = await Promise.all([hub.broadcast("message", String(n)), ...rest]);
      forAll.push(Number(id.split(".")[1]));
    }
    const node = await cluster.start();
    await Promise.all(old.map((one) => one.hub.close()));
    const command = await connectTo(redis.url);
    await command("CONFIG", "RESETSTAT");
    const before = process.memoryUsage.rss();

    const random = new Random(1);
    const pages: RawPage[] = [];
    const worker = async () => {
      while (pages.length < RETURNS) {
        const cursor = EVENTS / 3 + random.below((EVENTS * 2) / 3);
        await RawPage.open(node.url, `${epoch}.${cursor}`, pages);
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    await node.hub.broadcast("message", "last");
    await until(() => pages.every(({ isDone }) => isDone), "all have the last", 60_000);

    const missed = (after: number) => forAll.filter((position) => position > after).length + 1;
    const wrong = pages.filter(({ cursor, count }) => count !== missed(cursor));
    expect(wrong.slice(0, 10)).toEqual([]);
    const reads = await readsOf(command);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThanOrEqual(Math.ceil(EVENTS / 512) + 1);
    const each = (process.memoryUsage.rss() - before) / pages.length;
    // Both ends of each connection are in this process.
    expect(each).toBeLessThan(150_000);
    process.stderr.write(`${pages.length} returns: ${reads} reads, ${Math.round(each)} B each\n`);
  }, 180_000);
});

async function readsOf(command: (...args: string[]) => Promise<unknown>): Promise<number> {
  const stats = String(await command("INFO", "commandstats"));
  const calls = [...stats.matchAll(/cmdstat_x(?:rev)?range:calls=(\d+)/g)];
  return calls.reduce((sum, [, count]) => sum + Number(count), 0);
}
