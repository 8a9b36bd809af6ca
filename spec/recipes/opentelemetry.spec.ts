import { SpanStatusCode, context, propagation, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-node";
import { redisLog } from "express-sse-hub/redis";
import { traceHubs } from "../../demo/recipes/opentelemetry/trace-hubs.js";
import { openStream } from "../support/open-stream.js";
import { describeWithRedis } from "../support/redis.js";
import { Shop, until } from "../support/shop.js";
import { Recipe } from "./run-recipe.js";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const SENDER = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };

/** A shop whose requests have a span each, as those of @opentelemetry/instrumentation-http. */
function openTracedShop(hub = {}): Promise<Shop> {
  return Shop.open({
    hub,
    before: (app) => {
      app.use((req, res, next) => {
        const sender = propagation.extract(context.active(), req.headers);
        const span = trace.getTracer("http").startSpan(`${req.method} ${req.path}`, {}, sender);
        res.once("close", () => {
          span.end();
        });
        context.with(trace.setSpan(sender, span), next);
      });
    },
    routes: (app, own) => {
      app.post("/price", async (_req, res) => {
        res.json({ id: await own.broadcast("price", 42) });
      });
    },
  });
}

/** Asks a shop for a price, as a service whose span is {@link SENDER}. Gives the id of its event. */
async function askForPrice({ url }: { readonly url: string }): Promise<string> {
  const traceparent = `00-${SENDER.traceId}-${SENDER.spanId}-01`;
  const answer = await fetch(`${url}/price`, { method: "POST", headers: { traceparent } });
  return ((await answer.json()) as { id: string }).id;
}

/** Resolves with the spans of a name once so many have ended. */
async function spansOf(name: string, count = 1): Promise<ReadableSpan[]> {
  const ended = () => exporter.getFinishedSpans().filter((span) => span.name === name);
  await until(() => ended().length >= count, `${count} of ${name}`);
  expect(ended()).toHaveLength(count);
  return ended();
}

function idsOf(span: ReadableSpan | undefined) {
  const { traceId, spanId } = span?.spanContext() ?? {};
  return { traceId, spanId };
}

function parentOf(span: ReadableSpan | undefined) {
  return { traceId: span?.spanContext().traceId, spanId: span?.parentSpanContext?.spanId };
}

describe("the spans of the recipe for OpenTelemetry", () => {
  let stop: () => void;

  beforeAll(() => {
    provider.register();
  });

  beforeEach(() => {
    exporter.reset();
    stop = traceHubs();
  });

  afterEach(() => {
    stop();
  });

  afterAll(async () => {
    await provider.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });

  it("lead from the service that asked, over the request and the broadcast, to the delivery", async () => {
    const shop = await openTracedShop();
    const streams = [await shop.stream(), await shop.stream()];
    await until(() => shop.hub.stats().behind === 0, "both are live");
    const id = await askForPrice(shop);
    await Promise.all(streams.map((stream) => stream.next()));

    const [request] = await spansOf("POST /price");
    const [sent] = await spansOf("send price");
    const [delivered] = await spansOf("deliver");
    expect([request, sent, delivered].map(parentOf)).toEqual([SENDER, idsOf(request), idsOf(sent)]);
    expect(sent?.attributes).toEqual({
      "messaging.system": "express-sse-hub",
      "messaging.operation.type": "send",
      "messaging.destination.name": "price",
      "messaging.message.id": id,
    });
    expect(delivered?.attributes).toEqual({
      "messaging.system": "express-sse-hub",
      "messaging.operation.type": "process",
      "messaging.message.id": id,
      "sse.pass.events": 1,
      "sse.pass.streams": 2,
    });
    expect(streams.map(({ raw }) => raw.includes(SENDER.traceId))).toEqual([false, false]);
  });

  it("last as long as a stream, in the request that opened it, and say why it ended", async () => {
    const shop = await openTracedShop();
    const stream = await shop.stream();
    const { connection } = await stream.opened();
    expect(exporter.getFinishedSpans()).toEqual([]);
    shop.hub.connections()[0]?.close();
    await stream.closed;

    const [request] = await spansOf("GET /events");
    const [span] = await spansOf("stream");
    expect(parentOf(span)).toEqual(idsOf(request));
    expect(span?.attributes).toEqual({
      "sse.connection": connection,
      "sse.verdict": "new",
      "sse.reason": "close",
    });
  });

  it("tell of a broadcast that failed, at the call or later, and end", async () => {
    const { hub } = await Shop.open();
    hub.on("error", () => undefined);
    expect(() => hub.broadcast("bad\nname", 1)).toThrow();
    await hub.close();
    await expect(hub.broadcast("price", 1)).rejects.toThrow();

    const spans = [...(await spansOf("send bad\nname")), ...(await spansOf("send price"))];
    expect(
      spans.map(({ status, events }) => [
        status.code,
        events.map(({ attributes }) => attributes?.["exception.type"]),
      ]),
    ).toEqual([
      [SpanStatusCode.ERROR, ["ERR_SSE_FIELD"]],
      [SpanStatusCode.ERROR, ["ERR_SSE_CLOSED"]],
    ]);
  });

  it("are no more once they are not wanted", async () => {
    stop();
    const shop = await Shop.open();
    const stream = await shop.stream();
    await shop.hub.broadcast("price", 42);
    await stream.next();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  describeWithRedis("on two nodes", (urlOf) => {
    it("show the delivery on each node in the broadcast of one", async () => {
      const open = () => openTracedShop({ log: redisLog({ url: urlOf(), name: "spans" }) });
      const shops = [await open(), await open()];
      const streams = await Promise.all(shops.map((shop) => shop.stream()));
      await until(() => shops.every(({ hub }) => hub.stats().behind === 0), "both are live");
      const id = await askForPrice(shops[0] as Shop);
      await Promise.all(streams.map((stream) => stream.next()));

      const [sent] = await spansOf("send price");
      const delivered = await spansOf("deliver", 2);
      expect(sent?.spanContext().traceId).toBe(SENDER.traceId);
      expect(delivered.map(parentOf)).toEqual([idsOf(sent), idsOf(sent)]);
      expect(delivered.map(({ attributes }) => attributes["messaging.message.id"])).toEqual([
        id,
        id,
      ]);
    });
  });
});

describeWithRedis("the recipe for OpenTelemetry, as two processes", (urlOf) => {
  const recipes = [1, 2].map(() => new Recipe("demo/recipes/opentelemetry.ts"));

  beforeAll(async () => {
    await Promise.all(recipes.map((recipe) => recipe.start({ REDIS_URL: urlOf() })));
  }, 60_000);

  afterAll(() => Promise.all(recipes.map((recipe) => recipe.stop())));

  it("prints the delivery of the other process in the trace of the request", async () => {
    const [here, there] = recipes as [Recipe, Recipe];
    const stream = await openStream(there.url, "/events");
    await stream.opened();
    const id = await askForPrice(here);
    expect(await stream.next()).toMatchObject({ event: "price", id });
    stream.close();
    await Promise.all([here.prints("name: 'send price'"), there.prints("name: 'deliver'")]);

    const sent = spanIn(here.output, "send price");
    expect(sent.traceId).toBe(SENDER.traceId);
    expect(spanIn(there.output, "deliver")).toEqual({
      traceId: SENDER.traceId,
      parentId: sent.id,
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
  });
});

/** The ids of a span that the exporter for a console has printed. */
function spanIn(output: string, name: string) {
  const text = output.split(/^\{$/m).find((one) => one.includes(`  name: '${name}',`)) ?? "";
  const find = (pattern: RegExp) => pattern.exec(text)?.[1];
  return {
    traceId: find(/^ {2}traceId: '(\w+)'/m),
    parentId: find(/^ {4}spanId: '(\w+)'/m),
    id: find(/^ {2}id: '(\w+)'/m),
  };
}
