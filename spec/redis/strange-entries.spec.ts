import { draftOf, textOf } from "../support/log-witness.js";
import { describeWithRedis } from "../support/redis.js";
import { connectTo, startNode } from "./nodes.js";

const HEAD = { rooms: null, filter: null, except: null, retainKey: null, isVolatile: false };

describeWithRedis("redisLog, with entries that are not its own", (urlOf) => {
  it("passes over them with one error each, and goes on behind them", async () => {
    const [url, name] = [urlOf(), "junk"];
    const [command, one, two] = [
      await connectTo(url),
      await startNode({ url, name }),
      await startNode({ url, name }),
    ];
    const added = [
      [],
      ["v", "2", "e", one.log.epoch],
      [
        "v",
        "1",
        "e",
        one.log.epoch,
        "p",
        "0",
        "t",
        "1",
        "n",
        "x",
        "s",
        "1",
        "k",
        "event",
        "d",
        "x",
      ],
      ["v", "1", "k", "event", "h", JSON.stringify({ ...HEAD, filter: undefined }), "d", "x"],
    ];
    const texts: string[] = [];
    for (const [n, fields] of added.entries()) {
      texts.push(`before ${n}`, `after ${n}`);
      await one.log.append(draftOf(`before ${n}`));
      await command("XADD", "{junk}:log", "*", "foo", "bar", ...fields);
      await two.log.append(draftOf(`after ${n}`));
    }
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);
    for (const { witness } of [one, two]) {
      expect(witness.record).toEqual(texts);
      expect(witness.errors.map(({ code }) => code)).toEqual(
        Array(added.length).fill("ERR_SSE_LOG_ENTRY"),
      );
    }

    const late = await startNode({ url, name });
    const { entries, isTrimmed } = await late.log.read(0, 100_000);
    expect([isTrimmed, entries.map(({ bytes }) => textOf(bytes))]).toEqual([false, texts]);
    const positions = entries.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(positions.every(Number.isSafeInteger)).toBe(true);
  });

  it("passes over what another version has appended, which is no hole", async () => {
    const [url, name] = [urlOf(), "version"];
    const [command, one] = [await connectTo(url), await startNode({ url, name })];
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    await command(
      "EVAL",
      "redis.call('XADD', KEYS[1], '2-0', 'v', '2'); " +
        "return redis.call('HSET', KEYS[2], 'head', 2, 'event', 2)",
      "2",
      "{version}:log",
      "{version}:meta",
    );
    const late = await startNode({ url, name });
    expect((await late.log.read(0, 1_000)).entries.map(({ audience }) => audience.rooms)).toEqual([
      null,
      [],
    ]);
    await one.log.append(draftOf("b"));
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["a", "b"]);
    expect(one.witness.errors.map(({ code }) => code)).toEqual(["ERR_SSE_LOG_ENTRY"]);
    await late.witness.until(() => late.witness.record.includes("b"));
    expect((await late.log.read(0, 1_000)).entries.map(({ position }) => position)).toEqual([
      1, 2, 3,
    ]);
  });

  it("goes on where somebody has taken the last id there is", async () => {
    const [url, name] = [urlOf(), "last-id"];
    const [command, one] = [await connectTo(url), await startNode({ url, name })];
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    await command("XADD", "{last-id}:log", "18446744073709551615-18446744073709551615", "a", "b");
    await one.witness.until(() => one.witness.errors.length === 1);
    const id = await one.log.append(draftOf("b"));
    expect(id).toBe(`${one.log.epoch}.2`);
    await one.witness.until(() => one.log.head === 2);
    expect(one.witness.errors.map(({ code }) => code)).toEqual(["ERR_SSE_LOG_ENTRY"]);
  });

  it("is not stuck behind one when the stream goes and begins again lower", async () => {
    const [url, name] = [urlOf(), "ahead"];
    const [command, one] = [await connectTo(url), await startNode({ url, name })];
    await command("XADD", "{ahead}:log", "*", "foo", "bar");
    await one.witness.until(() => one.witness.errors.length === 1);
    await command("DEL", "{ahead}:log");
    await one.log.append(draftOf("a"));
    await one.witness.until(() => one.log.head === 1);
    await one.log.append(draftOf("b"));
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["break", "b"]);
  });

  it("counts positions, not time: a clock that goes back changes nothing", async () => {
    const [url, name] = [urlOf(), "clock"];
    const [command, one] = [await connectTo(url), await startNode({ url, name })];
    await one.log.append(draftOf("a"));
    // As appended while the clock was an hour ahead.
    await command(
      "EVAL",
      "local time = redis.call('TIME')[1] * 1000 + 3600000; redis.call('XADD', KEYS[1], '2-0', 'v', '1', " +
        "'e', ARGV[1], 'p', 1, 't', string.format('%.0f', time), 'n', 'x', 's', 1, 'k', 'event', 'h', ARGV[2], " +
        "'d', 'data: b\\n\\n'); redis.call('RPUSH', KEYS[3], '2 1 2 0 ' .. string.format('%.0f', time)); " +
        "return redis.call('HSET', KEYS[2], 'head', 2, 'event', 2)",
      "3",
      "{clock}:log",
      "{clock}:meta",
      "{clock}:marks",
      one.log.epoch,
      JSON.stringify(HEAD),
    );
    expect(await one.log.append(draftOf("c"))).toBe(`${one.log.epoch}.3`);
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["a", "b", "c"]);
    const late = await startNode({ url, name });
    const { entries } = await late.log.read(0, 100_000);
    expect(entries.map(({ bytes }) => textOf(bytes))).toEqual(["a", "b", "c"]);
  });
});
