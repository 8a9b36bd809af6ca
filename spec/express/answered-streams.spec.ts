import "reflect-metadata";
import { Controller, Get, Logger, Module, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { Response } from "express";
import { createHub, sse, type SseHubError } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { EXPRESS_VERSIONS, Shop, until } from "../support/shop.js";

/** The ways an application answers a request that it has made a stream of. */
const ANSWERS: Array<[name: string, answer: (res: Response) => void]> = [
  ["res.end()", (res) => res.end()],
  ["res.send()", (res) => res.send()],
  ["res.send(text)", (res) => res.send("text")],
  ["res.json()", (res) => res.json({ a: 1 })],
  ["res.sendStatus()", (res) => res.sendStatus(204)],
];
const MODES = [false, true].map((releaseRequest) => ({ releaseRequest }));

describe.each(EXPRESS_VERSIONS)(
  "a stream that the application answers on %s",
  (_version, express) => {
    async function open(answer: (res: Response) => void, hub = {}) {
      const shop = await Shop.open({
        express,
        hub,
        routes: (app) => {
          app.get("/answered/:id", (req, res) => {
            req.sse.join();
            answer(res);
          });
        },
      });
      const errors: SseHubError[] = [];
      shop.hub.on("error", (error) => errors.push(error));
      return { shop, errors };
    }

    describe.each(MODES)("with releaseRequest $releaseRequest", (hub) => {
      it.each(ANSWERS)("by %s ends, and the application is told once", async (_how, answer) => {
        const { shop, errors } = await open(answer, hub);
        for (const id of ["1", "2"]) {
          const stream = await shop.attempt(`/answered/${id}`);
          await stream.closed;
          await until(() => shop.hub.size === 0, "the stream has ended");
        }
        expect(errors).toEqual([
          expect.objectContaining({
            code: "ERR_SSE_ANSWERED",
            message: expect.stringMatching(
              /^The application ended the response of GET \/answered\/:id after .* @Res\(\)/,
            ),
          }),
        ]);
      });
    });

    it("later, by a middleware, is told of as well", async () => {
      let late: Response | undefined;
      const { shop, errors } = await open((res) => (late = res));
      const stream = await shop.stream("/answered/1");
      late?.end();
      await stream.closed;
      await until(() => errors.length > 0, "it is told");
      expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_ANSWERED"]);
    });

    it("is no news where the hub or the browser has ended it", async () => {
      const { shop, errors } = await open(() => undefined);
      const [left, ended] = [await shop.stream("/answered/1"), await shop.stream("/answered/2")];
      left.close();
      await until(() => shop.hub.size === 1, "one has left");
      await shop.hub.close();
      await ended.closed;
      expect(errors).toEqual([]);
    });
  },
);

describe("a controller of NestJS", () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  // Decorators as functions: what a compiler makes of them.
  function decorated(controller: new () => object, ...parameters: ParameterDecorator[]): void {
    const of = controller.prototype as Record<string, unknown>;
    const descriptor = Object.getOwnPropertyDescriptor(of, "events") as PropertyDescriptor;
    parameters.forEach((decorate, index) => {
      decorate(of, "events", index);
    });
    Get("events")(of, "events", descriptor);
    Controller()(controller);
  }

  async function start(controller: new () => object) {
    class App {
      readonly name = "app";
    }
    Module({ controllers: [controller] })(App);
    const hub = createHub();
    const errors: SseHubError[] = [];
    hub.on("error", (error) => errors.push(error));
    const app = await NestFactory.create(App);
    app.use(sse({ hub }));
    await app.listen(0, "127.0.0.1");
    onTestEnd(async () => {
      await hub.close();
      await app.close();
    });
    return { hub, errors, url: await app.getUrl() };
  }

  it("that lets Nest answer for it is told of", async () => {
    class Natural {
      events(req: { sse: { join: () => unknown } }): void {
        req.sse.join();
      }
    }
    decorated(Natural, Req());
    const { hub, errors, url } = await start(Natural);
    const stream = await openStream(url, "/events");
    await stream.closed;
    await until(() => hub.size === 0, "it has ended");
    expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_ANSWERED"]);
  });

  it("that injects the response is a stream", async () => {
    class WithResponse {
      events(req: { sse: { join: () => unknown } }): void {
        req.sse.join();
      }
    }
    decorated(WithResponse, Req(), Res());
    const { hub, errors, url } = await start(WithResponse);
    const stream = await openStream(url, "/events");
    onTestEnd(() => {
      stream.close();
    });
    await stream.opened();
    await hub.broadcast("message", "hello");
    expect([await stream.nextData(), errors]).toEqual([["hello"], []]);
  });
});
