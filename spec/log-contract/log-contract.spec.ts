import express from "express";
import { createHub, sse, type LogDraft, type LogFollower, type LogPage } from "express-sse-hub";
import { LOG_CONTRACT, SHARED_LOG_CONTRACT, type CreateLog } from "express-sse-hub/log-contract";
import { visit } from "express-sse-hub/testing";
import { onTestEnd } from "../support/disposers.js";
import { ArrayLog } from "./array-log.js";

/** The promises that a log breaks. */
async function brokenBy(createLog: CreateLog, contract = LOG_CONTRACT): Promise<string[]> {
  const broken: string[] = [];
  for (const { name, run } of contract) {
    await run(createLog).catch((error: unknown) => {
      const { code } = error as { code?: string };
      broken.push(code === "ERR_ASSERTION" ? name : `${name}: ${String(code)}`);
    });
  }
  return broken;
}

/** Gives what is left where it should say that the rest is gone. */
class LogWithHoles extends ArrayLog {
  override read(after: number, maxBytes: number): LogPage {
    return super.read(Math.max(after, this.trimmed), maxBytes);
  }
}

/** Lets an event that is larger overtake the one before. */
class LogWithoutOrder extends ArrayLog {
  override read(after: number, maxBytes: number): LogPage {
    const { entries, isTrimmed } = super.read(after, maxBytes);
    return { entries: entries.toSorted((a, b) => b.bytes.length - a.bytes.length), isTrimmed };
  }
}

/** Has an id on the wire for what no return can ask for. */
class LogWithoutVolatile extends ArrayLog {
  override append(draft: LogDraft): Promise<string> {
    return super.append({ ...draft, isVolatile: false });
  }
}

/** Cuts a page where its bytes end, even if that is before its first entry. */
class LogOfSmallPages extends ArrayLog {
  override read(after: number, maxBytes: number): LogPage {
    const { entries, isTrimmed } = super.read(after, maxBytes);
    const isTooLarge = (entries[0]?.bytes.length ?? 0) > Math.min(maxBytes, 65_536);
    return isTooLarge ? { entries: [], isTrimmed } : { entries, isTrimmed };
  }
}

/** Goes on telling who has left. */
class LogThatClings extends ArrayLog {
  override follow(follower: LogFollower): () => void {
    super.follow(follower);
    return () => undefined;
  }
}

/** Gives newcomers what was taken back, or is over. */
class LogThatRemembers extends ArrayLog {
  override append(draft: LogDraft): Promise<string> {
    const isTakenBack = draft.audience.rooms?.length === 0;
    return super.append({ ...draft, retainMs: null, ...(isTakenBack && { retainKey: null }) });
  }
}

describe("the log contract", () => {
  it("is kept by a log that a stranger has written", async () => {
    expect(await brokenBy((bounds) => new ArrayLog(bounds))).toEqual([]);
  });

  it.each([
    [LogWithHoles, ["is bounded, and says that entries are gone instead of returning a part"]],
    [
      LogWithoutOrder,
      [
        "gives pages of about the bytes asked for, at least one entry, none cut",
        "writes no id for a volatile entry, but keeps its place in the order",
      ],
    ],
    [LogWithoutVolatile, ["writes no id for a volatile entry, but keeps its place in the order"]],
    [LogOfSmallPages, ["keeps an event whole that is larger than a page"]],
    [LogThatClings, ["tells its followers that the head has moved, until they leave"]],
    [
      LogThatRemembers,
      [
        "forgets a key whose newest entry is for nobody",
        "forgets an entry of a key when its time is over",
      ],
    ],
  ])("is broken by a %p", async (Log, promises) => {
    expect(await brokenBy((bounds) => new Log(bounds))).toEqual(promises);
  });

  it("of several nodes is broken by one that others cannot see", async () => {
    const all = SHARED_LOG_CONTRACT.map(({ name }) => name);
    const broken = await brokenBy((bounds) => new ArrayLog(bounds), SHARED_LOG_CONTRACT);
    expect(broken).toEqual(all);
  });

  it("closes the logs it tried, also where one failed", async () => {
    let open = 0;
    class CountedLog extends LogWithHoles {
      override close(): Promise<void> {
        open -= 1;
        return super.close();
      }
    }
    const [promise] = LOG_CONTRACT.filter(({ name }) => name.startsWith("is bounded"));
    const createLog: CreateLog = (bounds) => {
      open += 1;
      return new CountedLog(bounds);
    };
    await expect(promise?.run(createLog)).rejects.toMatchObject({ code: "ERR_ASSERTION" });
    expect(open).toBe(0);
  });

  it("is enough for a hub: a browser that returns gets what it missed", async () => {
    const app = express();
    const hub = createHub({ log: new ArrayLog({ maxEvents: 100 }) });
    app.use(sse({ hub }));
    app.get("/events", (req) => void req.sse.join());
    const alice = await visit(app);
    onTestEnd(() => alice.close());
    const stream = await alice.stream("/events");
    await hub.broadcast("message", "live");
    expect(await stream.nextText("message")).toBe("live");
    stream.close();
    await hub.broadcast("message", "missed");

    const again = await stream.return();
    expect([again.verdict, await again.nextText("message")]).toEqual([
      { recovered: true },
      "missed",
    ]);
  });
});
