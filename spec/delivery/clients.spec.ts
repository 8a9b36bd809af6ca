import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { EventSource } from "eventsource";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { FaultProxy, type Fault } from "../support/fault-proxy.js";
import { Shop, until } from "../support/shop.js";

const NODE_CLIENT = join(__dirname, "../support/event-source-of-node.js");
// An icon of its own, so that the browser does not ask for one.
const PAGE = '<!doctype html><link rel="icon" href="data:,"><title>Spec</title>';
const LOSSES = 20;
const MANNERS: ReadonlyArray<NonNullable<Fault["cut"]>> = ["fin", "reset", "half"];
// More than the head and hub:open.
const HEAD_BYTES = 600;

/** Cuts spread over so many bytes. The first one comes after hub:open. */
function cutsFrom(firstByte: number): Fault[] {
  return Array.from({ length: LOSSES }, (_, n) => ({
    cutAfterBytes: n === 0 ? 2_000 : firstByte + ((n * 397) % 3_000),
    cut: MANNERS[n % MANNERS.length] ?? "fin",
  }));
}

/** Of each event a client received: its data and the id it left. */
type Received = ReadonlyArray<readonly [data: string, lastEventId: string]>;

async function open() {
  const shop = await Shop.open({
    hub: { retryMs: 10 },
    routes: (app) => {
      app.get("/page", (_req, res) => {
        res.type("html").send(PAGE);
      });
    },
  });
  const always = await shop.stream();
  return { shop, always, proxy: await FaultProxy.start(shop.url) };
}

/** Broadcasts until the client has lost all the streams that are to be lost, and is back. */
async function broadcastUntilBack({ hub }: Shop): Promise<void> {
  await until(() => hub.size === 2, "the client has come", 10_000);
  let count = 0;
  const publishing = setInterval(() => {
    void hub.broadcast("message", `${count} grüßt ${"x".repeat(count % 300)}`);
    count += 1;
  }, 1);
  onTestEnd(() => {
    clearInterval(publishing);
  });
  const isBack = () => {
    const { closed, connections, behind } = hub.stats();
    return closed.gone === LOSSES && connections === 2 && behind === 0;
  };
  await until(isBack, "the client is back from its last loss", 40_000);
  clearInterval(publishing);
  await hub.broadcast("message", "end");
}

async function seenByAlways({ always }: Awaited<ReturnType<typeof open>>): Promise<Received> {
  await always.received("data: end\n");
  return always.pending.map(({ data, id }) => [data, String(id)]);
}

describe("a client that loses its stream twenty times ends with the events of one that never left", () => {
  it("the npm package eventsource", async () => {
    const spec = await open();
    spec.proxy.planned.push(...cutsFrom(1));
    const received: Array<[string, string]> = [];
    const source = new EventSource(`${spec.proxy.url}/events`);
    onTestEnd(() => {
      source.close();
    });
    const ended = new Promise((resolve) => {
      source.addEventListener("message", ({ data, lastEventId }) => {
        received.push([String(data), lastEventId]);
        if (data === "end") resolve(undefined);
      });
    });

    await broadcastUntilBack(spec.shop);
    await ended;

    expect(received).toEqual(await seenByAlways(spec));
  });

  it("Node's own EventSource", async () => {
    const spec = await open();
    // A loss in the head of an answer ends it for good, whoever the server is (Node 20.20).
    spec.proxy.planned.push(...cutsFrom(HEAD_BYTES));
    const flags = ["--experimental-eventsource", "--no-warnings"];
    const client = spawn(process.execPath, [...flags, NODE_CLIENT, `${spec.proxy.url}/events`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestEnd(async () => {
      client.kill("SIGKILL");
      if (client.exitCode === null && client.signalCode === null) await once(client, "exit");
    });
    const received: Array<[string, string]> = [];
    const ended = (async () => {
      for await (const line of createInterface(client.stdout)) {
        received.push(JSON.parse(line) as [string, string]);
        if (received.at(-1)?.[0] === "end") break;
      }
    })();

    await broadcastUntilBack(spec.shop);
    await ended;

    expect(received).toEqual(await seenByAlways(spec));
  });
});

describeInBrowser("Chromium", (windows) => {
  it("ends with the events of one that never left after it lost its stream twenty times", async () => {
    const spec = await open();
    const page = await windows.open(`${spec.proxy.url}/page`);
    // What the browser keeps open for later would be no new connection, and so not be cut.
    spec.proxy.cutAll();
    spec.proxy.planned.push(...cutsFrom(1));
    await page.evaluate(`
      globalThis.received = [];
      globalThis.source = new EventSource("/events");
      source.onmessage = ({ data, lastEventId }) => received.push([data, lastEventId]);
    `);

    await broadcastUntilBack(spec.shop);
    await page.waitForFunction('received.at(-1)?.[0] === "end"');

    expect(await page.evaluate("received")).toEqual(await seenByAlways(spec));
  });

  it("runs the handler of a finished stream once, however short retry is", async () => {
    let runs = 0;
    const shop = await Shop.open({
      hub: { retryMs: 1 },
      routes: (app) => {
        app.get("/page", (_req, res) => {
          res.type("html").send(PAGE);
        });
        app.get("/own", async (req) => {
          runs += 1;
          const connection = req.sse.open();
          await connection.stream(["one", "two"], "token");
          connection.end();
        });
      },
    });
    const page = await windows.open(`${shop.url}/page`);
    await page.evaluate(`
      globalThis.received = [];
      globalThis.source = new EventSource("/own");
      const take = ({ type, data }) => received.push([type, data]);
      for (const name of ["token", "hub:end"]) source.addEventListener(name, take);
    `);
    await page.waitForFunction("source.readyState === EventSource.CLOSED");

    expect([runs, await page.evaluate("received")]).toEqual([
      1,
      [
        ["token", "one"],
        ["token", "two"],
        ["hub:end", '{"reason":"done"}'],
      ],
    ]);
  });
});
