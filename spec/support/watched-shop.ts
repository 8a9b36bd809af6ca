import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Connection } from "express-sse-hub";
import { rawRequest, type RawReader } from "./raw-request.js";
import { Shop, until, type ShopOptions } from "./shop.js";

/** What a hub may keep of a stream: the values of its option `releaseRequest`. */
export const WAYS: Array<[way: string, releaseRequest: boolean]> = [
  ["with its request", false],
  ["without its request", true],
];

/** A request as the application saw it. */
export interface WatchedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly socket: Socket;
  /** What request and response told so far, such as `res finish`. */
  readonly told: string[];
}

/** A shop that notes the requests that reach its routes. */
export interface WatchedShop {
  readonly shop: Shop;
  readonly requests: WatchedRequest[];
  /** Method and address of each, in their order. */
  readonly handled: () => string[];
  /** The connections that were opened. */
  readonly joined: Connection[];
}

/** A stream in bytes, together with what the server has of it. */
export interface WatchedStream extends RawReader {
  readonly request: WatchedRequest;
  readonly connection: Connection;
}

/** Opens a shop that notes the requests that reach its routes. */
export async function openWatchedShop(options: ShopOptions = {}): Promise<WatchedShop> {
  const requests: WatchedRequest[] = [];
  const joined: Connection[] = [];
  const shop = await Shop.open({
    ...options,
    before: (app) => {
      app.set("env", "test");
      options.before?.(app);
    },
    routes: (app, hub) => {
      app.use((req, res, next) => {
        requests.push(watch(req, res));
        next();
      });
      options.routes?.(app, hub);
    },
  });
  shop.hub.on("join", (connection) => joined.push(connection));
  const handled = () => requests.map(({ req }) => `${req.method} ${req.url}`);
  return { shop, requests, handled, joined };
}

/** A request in bytes. */
export const GET = (path = "/events", headers = "") =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

/** Opens a stream with these bytes; resolves when it was told `hub:open`. */
export async function openRaw(
  { shop, requests, joined }: WatchedShop,
  bytes = GET(),
): Promise<WatchedStream> {
  const index = requests.length;
  const reader = await rawRequest(shop.url, bytes);
  await until(() => reader.text.includes("hub:open"), "hub:open");
  const request = requests[index] as WatchedRequest;
  return Object.assign(reader, { request, connection: joined.at(-1) as Connection });
}

/** True when the stream goes on while its response looks finished. */
export function isReleased({ res, socket }: WatchedRequest): boolean {
  return res.writableEnded && !socket.destroyed;
}

/** The events in what a stream was sent, without those of the hub. */
export function dataIn(text: string): string[] {
  return [...text.matchAll(/^event: message\ndata: (.*)$/gm)].map(([, data]) => data as string);
}

function watch(req: IncomingMessage, res: ServerResponse): WatchedRequest {
  const told: string[] = [];
  for (const event of ["end", "close", "aborted"]) req.on(event, () => told.push(`req ${event}`));
  for (const event of ["finish", "close"]) res.on(event, () => told.push(`res ${event}`));
  return { req, res, socket: req.socket, told };
}
