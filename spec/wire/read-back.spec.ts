import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setImmediate as nextTick } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { memoryLog } from "express-sse-hub";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { readWithNode } from "../support/node-event-source.js";
import { Shop, until } from "../support/shop.js";
import {
  createTally,
  firstDifference,
  readWithEventSource,
  type Assignment,
  type Tally,
} from "../support/tally.js";

const MESSAGES = 200_000;
const TIMEOUT_MS = 180_000;
const LAST = "the last of all";

// What has a meaning for a parser, or a history of being mangled.
const piece = fc.oneof(
  fc.constantFrom("\n", "\r", "\r\n", "\n\n", " ", "  ", ":", ": ", "\0", "\ufeff", "\t", "\u2028"),
  fc.constantFrom("data: x", "event: admin\n", "id: 9", "retry: 0\n\n", "\ndata", "hub:open", "😀"),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const text = fc.oneof(
  { weight: 30, arbitrary: fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.constant("") },
);
const name = fc
  .oneof(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }))
  .map((drawn) => drawn.toWellFormed())
  .filter((drawn) => !/[\r\n\0]|^hub:|^(error|open)$/.test(drawn));

// Longer than the parts a frame is written in, in one line, in many, and in characters of four bytes.
const LONG = [
  "x".repeat(1_048_576),
  "line\n".repeat(40_000),
  "😀".repeat(60_000),
  "\n".repeat(500),
];

/** What a reader is to get for data, by the standard: lines end in LF, whatever ended them before. */
const readBack = (data: string) => data.replaceAll("\r\n", "\n").replaceAll("\r", "\n");

/** A hub whose log holds all that is sent, so that a reader may be as slow as it likes. */
async function openShop(): Promise<Shop> {
  const log = memoryLog({ maxEvents: MESSAGES + 100, maxBytes: 1_000_000_000 });
  return Shop.open({
    hub: { log },
    routes: (app) => {
      app.get("/page", (_req, res) => {
        res.type("html").send("<!doctype html>");
      });
    },
  });
}

/** Draws messages and sends them. Gives what readers are to get. */
async function send(shop: Shop, count: number, names: readonly string[]): Promise<Tally> {
  const sent = createTally();
  const texts = fc.sample(text, { numRuns: count }).map((drawn) => drawn.toWellFormed());
  for (const [index, long] of LONG.entries()) texts.splice(index * 997, 1, long);
  for (const [index, data] of texts.entries()) {
    const event = names[(index * 7) % names.length] as string;
    const id = await shop.hub.broadcast(event, data);
    sent.add(event, readBack(data), id);
    if (index % 500 === 0) await nextTick();
  }
  await shop.hub.broadcast(LAST, "");
  return sent;
}

const drawNames = () => ["message", ...new Set(fc.sample(name, 60))];

function assignment(shop: Shop, events: readonly string[]): Assignment {
  return { url: `${shop.url}/events`, events, last: LAST };
}

/** Reads with eventsource-parser, as most clients for Node do. */
async function readWithParser({ url, last }: Assignment, tally: Tally): Promise<number> {
  const req = get(url, { agent: false, headers: { Accept: "text/event-stream" } });
  onTestEnd(() => req.destroy());
  const [response] = (await once(req, "response")) as [IncomingMessage];
  await new Promise<void>((resolve) => {
    const parser = createParser({
      onEvent: ({ event = "message", data, id = "" }) => {
        if (event === last) resolve();
        else if (!event.startsWith("hub:")) tally.add(event, data, id);
      },
    });
    response.setEncoding("utf8").once("close", resolve);
    response.on("data", (chunk: string) => {
      parser.feed(chunk);
    });
  });
  return tally.length;
}

describeInBrowser("what is broadcast", (windows) => {
  it(
    `is read back as it was given, ${MESSAGES.toLocaleString("en")} times, by all readers`,
    async () => {
      const shop = await openShop();
      const names = drawNames();
      const wanted = assignment(shop, names);

      const parsed = createTally();
      const byParser = readWithParser(wanted, parsed);
      const node = readWithNode(wanted);
      const page = await windows.open(`${shop.url}/page`);
      const byPage = page.evaluate<number>(
        `(globalThis.tally = (${createTally.toString()})(),
          (${readWithEventSource.toString()})(tally, ${JSON.stringify(wanted)}))`,
      );
      await until(() => shop.hub.size === 3, "all are there", 30_000);
      await Promise.all(shop.hub.connections().map(({ opened }) => opened));
      const sent = await send(shop, MESSAGES, names);

      const distant = {
        hashAt: (index: number) => page.evaluate<number>(`tally.hashAt(${index})`),
        messageAt: (index: number) => page.evaluate<string>(`tally.messageAt(${index})`),
      };
      const readers = [
        { reader: "eventsource-parser", done: byParser, tally: parsed },
        { reader: "Node's EventSource", done: node.done, tally: node.tally },
        { reader: "Chromium's EventSource", done: byPage, tally: distant },
      ];
      for (const { reader, done, tally } of readers) {
        const count = await done;
        const difference = await firstDifference(sent, tally);
        expect({ reader, difference, count }).toEqual({
          reader,
          difference: null,
          count: MESSAGES,
        });
      }
    },
    TIMEOUT_MS,
  );
});
