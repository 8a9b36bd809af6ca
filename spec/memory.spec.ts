import { once } from "node:events";
import { request } from "node:http";
import { createParser } from "eventsource-parser";
import { onTestEnd } from "./support/disposers.js";
import { FeedProcess } from "./support/feed-process.js";
import { rawRequest } from "./support/raw-request.js";
import { until } from "./support/shop.js";

const MB = 1_000_000;
const STALLED = 100;
const LIMIT_MS = 120_000;

/** Reads a stream and keeps of each event only its number. */
class CountingReader {
  readonly numbers: number[] = [];
  hasEnded = false;

  constructor(url: string) {
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event !== "message") return;
        this.numbers.push(Number(data.split(" ", 1)));
      },
    });
    const req = request(`${url}/events`, { agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (text: string) => {
        parser.feed(text);
      });
      response.on("close", () => (this.hasEnded = true));
    });
    req.on("error", () => (this.hasEnded = true)).end();
    onTestEnd(() => req.destroy());
  }
}

/** A request for the stream, in bytes. */
function get(cookie?: string): string {
  const header = cookie === undefined ? "" : `Cookie: ${cookie}\r\n`;
  return `GET /events HTTP/1.1\r\nHost: x\r\n${header}\r\n`;
}

describe("a hundred readers that take nothing while 100 MB are broadcast", () => {
  it.each([
    ["large", MB],
    ["small", 1_000],
  ])(
    "cost no more than 50 MB with %s events, and nobody else an event",
    async (_size, bytes) => {
      const server = await FeedProcess.start();
      const healthy = [new CountingReader(server.url), new CountingReader(server.url)];
      await server.usage(({ size }) => size === healthy.length);
      let sent = 0;
      const hasAll = ({ numbers, hasEnded }: CountingReader) => hasEnded || numbers.length === sent;
      // Half of what the log holds at a time, so that those who read are never overtaken.
      const broadcast = async (megabytes: number) => {
        const events = (4 * MB) / bytes;
        for (const end = sent + (megabytes * MB) / bytes; sent < end;) {
          await server.post(`/broadcast/${events}/${bytes}`);
          sent += events;
          await until(() => healthy.every(hasAll), "the others have all of it", 10_000);
        }
      };
      // What the log and the making of events cost by themselves.
      await broadcast(20);
      const before = await server.usage();
      for (let n = 0; n < STALLED; n += 1) (await rawRequest(server.url, get())).socket.pause();
      await server.usage(({ size }) => size === STALLED + healthy.length);

      await broadcast(100);

      const after = await server.usage();
      const expected = Array.from({ length: sent }, (_, n) => n);
      for (const { numbers, hasEnded } of healthy) {
        expect([numbers, hasEnded]).toEqual([expected, false]);
      }
      expect(after).toMatchObject({ size: STALLED + healthy.length, behind: STALLED, closed: {} });
      expect((after.peakRssBytes - before.peakRssBytes) / MB).toBeLessThan(50);
    },
    LIMIT_MS,
  );
});

describe("events that are broadcast flat out, and awaited by nobody", () => {
  it("cost less than 400 bytes each beside their own, before anything is delivered", async () => {
    const server = await FeedProcess.start();
    await server.post("/flat-out/1000/100");
    // As many as the log of that server holds.
    const grown = await server.post("/flat-out/50000/100");
    const { bytesPerEvent } = (await grown.json()) as { bytesPerEvent: number };
    const onTheWire = "id: AAAAAAAA.50000\nevent: message\ndata: \n\n".length + 100;
    expect(bytesPerEvent - onTheWire).toBeLessThan(400);
  });
});

describe("ten thousand readers that come and go", () => {
  it(
    "leave nothing behind",
    async () => {
      const server = await FeedProcess.start();
      const login = await server.post("/login");
      const cookie = String(login.headers.get("set-cookie")).split(";", 1).join();
      const comeAndGo = async (count: number) => {
        let left = count;
        const visit = async () => {
          while (left > 0) {
            left -= 1;
            const reader = await rawRequest(server.url, get(left % 2 === 0 ? cookie : undefined));
            while (!reader.text.includes("hub:open")) await once(reader.socket, "data");
            reader.socket.destroy();
          }
        };
        await Promise.all(Array.from({ length: 100 }, visit));
        // The one socket is that of the question.
        return server.usage(({ size, sockets }) => size === 0 && sockets === 1);
      };
      const before = await comeAndGo(1_000);

      const after = await comeAndGo(10_000);

      const { connections, behind, listeners, timers, sockets } = before;
      expect(after).toMatchObject({ connections, behind, listeners, timers, sockets });
      expect(after.closed).toEqual({ gone: 11_000 });
      // A connection that is kept costs more than a kilobyte.
      expect((after.heapBytes - before.heapBytes) / 10_000).toBeLessThan(200);
    },
    LIMIT_MS,
  );
});
