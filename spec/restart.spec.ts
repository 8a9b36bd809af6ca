import { EventSource } from "eventsource";
import { onTestEnd } from "./support/disposers.js";
import { FeedProcess } from "./support/feed-process.js";
import { until } from "./support/shop.js";

const READERS = 200;

/** A browser's page that stays open over a restart of the server. */
class Page {
  /** What `hub:open` said, each time. */
  readonly opened: unknown[] = [];
  /** Why the hub ended the streams. */
  readonly ended: unknown[] = [];
  /** The data of all events. */
  readonly data: string[] = [];

  constructor(url: string) {
    const source = new EventSource(`${url}/events`);
    onTestEnd(() => {
      source.close();
    });
    source.addEventListener("hub:open", ({ data }) => {
      const { connection: _own, ...verdict } = JSON.parse(String(data)) as Record<string, unknown>;
      this.opened.push(verdict);
    });
    source.addEventListener("hub:end", ({ data }) => this.ended.push(JSON.parse(String(data))));
    source.addEventListener("message", ({ data }) => this.data.push(String(data)));
  }
}

async function openPages(url: string): Promise<Page[]> {
  const pages = Array.from({ length: READERS }, () => new Page(url));
  await until(() => pages.every(({ opened }) => opened.length === 1), "all pages are open", 10_000);
  return pages;
}

/** Starts the server anew, on the port the pages know, and has it broadcast two events. */
async function restart(old: FeedProcess, pages: readonly Page[]): Promise<void> {
  const server = await FeedProcess.start(old.port);
  await until(() => pages.every(({ opened }) => opened.length > 1), "all are back", 15_000);
  await server.post("/broadcast/2/0");
  const hasBoth = ({ data }: Page) => data.at(-1) === "1 ";
  await until(() => pages.every(hasBoth), "all have what comes live");
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, n) => String(n));
}

describe("a server that is started again under load", () => {
  it("ends by itself after a drain, and every page returns and is told that the log began anew", async () => {
    const server = await FeedProcess.start();
    const pages = await openPages(server.url);
    await server.post("/count");
    await until(() => pages.every(({ data }) => data.length > 100), "the load is on");

    server.signal("SIGTERM");

    expect(await server.exit).toEqual({ code: 0, signal: null });
    const counted = Number(/^counted (\d+)\n$/.exec(server.output)?.[1]);
    await restart(server, pages);
    for (const { opened, ended, data } of pages) {
      expect(opened).toEqual([{ recovered: null }, { recovered: false, reason: "epoch" }]);
      expect(ended).toEqual([{ reason: "shutdown" }]);
      expect(data).toEqual([...numbers(counted), "0 ", "1 "]);
    }
  });

  it("is found again by every page after it was killed", async () => {
    const server = await FeedProcess.start();
    const pages = await openPages(server.url);
    await server.post("/count");
    await until(() => pages.every(({ data }) => data.length > 100), "the load is on");

    server.signal("SIGKILL");

    expect(await server.exit).toEqual({ code: null, signal: "SIGKILL" });
    await restart(server, pages);
    for (const { opened, ended, data } of pages) {
      expect(opened).toEqual([{ recovered: null }, { recovered: false, reason: "epoch" }]);
      expect(ended).toEqual([]);
      // How far each had come when the process died is chance; that nothing is missing is not.
      expect(data).toEqual([...numbers(data.length - 2), "0 ", "1 "]);
    }
  });
});
