import { once } from "node:events";
import type { Connection, EndReason } from "express-sse-hub";
import { EXPRESS_VERSIONS, until } from "../support/shop.js";
import {
  GET,
  isReleased,
  openRaw,
  openWatchedShop,
  WAYS,
  type WatchedShop,
  type WatchedStream,
} from "../support/watched-shop.js";

interface End {
  readonly name: string;
  readonly reason: EndReason;
  /** False where the browser cannot be told. */
  readonly isSaid?: boolean;
  readonly happen: (watched: WatchedShop, stream: WatchedStream, cookie: string) => unknown;
}

const ENDS: readonly End[] = [
  {
    name: "its browser leaves",
    reason: "gone",
    isSaid: false,
    happen: (_watched, { socket }) => socket.end(),
  },
  {
    name: "its browser is reset",
    reason: "gone",
    isSaid: false,
    happen: (_watched, { socket }) => socket.resetAndDestroy(),
  },
  {
    name: "the hub drains",
    reason: "shutdown",
    happen: ({ shop }) => shop.hub.close(),
  },
  {
    name: "it is finished",
    reason: "done",
    happen: (_watched, { connection }) => {
      connection.end();
    },
  },
  {
    name: "it is closed",
    reason: "close",
    happen: (_watched, { connection }) => {
      connection.close();
    },
  },
  {
    name: "its browser takes nothing",
    reason: "slow",
    isSaid: false,
    happen: async ({ shop }, { socket }) => {
      socket.pause();
      for (let n = 0; n < 20; n += 1) {
        await shop.hub.broadcast("message", "x".repeat(1_000_000));
      }
      await until(() => shop.hub.size === 0, "it is dropped");
      socket.resume();
    },
  },
  {
    name: "its user logs out",
    reason: "user",
    happen: ({ shop }, _stream, cookie) =>
      fetch(`${shop.url}/logout`, { method: "POST", headers: { cookie } }),
  },
  {
    name: "its user is asked to return",
    reason: "refresh",
    happen: ({ shop }) => shop.hub.refresh({ login: "alice" }),
  },
  {
    name: "its user is disconnected",
    reason: "stop",
    happen: ({ shop }) => shop.hub.disconnect({ login: "alice" }),
  },
  {
    name: "it is old",
    reason: "age",
    happen: () => undefined,
  },
  {
    name: "its handler fails later",
    reason: "error",
    happen: (watched) => {
      fail(watched);
    },
  },
];

const failures = new WeakMap<WatchedShop["shop"]["hub"], (error: Error) => void>();

function fail({ shop }: WatchedShop): void {
  failures.get(shop.hub)?.(new Error("mine"));
}

const ALL = EXPRESS_VERSIONS.flatMap(([version, express]) =>
  WAYS.map(([way, releaseRequest]) => ({ version, express, way, releaseRequest })),
);

describe.each(ALL)("a stream kept $way on $version", ({ express, releaseRequest }) => {
  const open = (reason: EndReason) =>
    openWatchedShop({
      express,
      hub: {
        releaseRequest,
        ...(reason === "slow" ? { stallMs: 200 } : {}),
        ...(reason === "age" ? { maxConnectionAgeMs: 1_000 } : {}),
      },
      routes: (app, hub) => {
        app.get("/failing", (req, _res, next) => {
          req.sse.join();
          failures.set(hub, next);
        });
      },
    });

  it.each(ENDS)("ends when $name", async ({ reason, isSaid = true, happen }) => {
    const watched = await open(reason);
    const { hub } = watched.shop;
    const cookie = await watched.shop.signIn({ login: "alice" });
    const path = reason === "error" ? "/failing" : "/events";
    const stream = await openRaw(watched, GET(path, `Cookie: ${cookie}\r\n`));
    expect(isReleased(stream.request)).toBe(releaseRequest);
    const { signal } = stream.connection;
    const left: Array<[Connection, EndReason]> = [];
    hub.on("leave", (...how) => left.push(how));
    const closed = new Promise((resolve) => stream.socket.once("close", resolve));
    const aborted = signal.aborted ? null : once(signal, "abort");

    await happen(watched, stream, cookie);

    await aborted;
    expect(signal.reason).toMatchObject({ code: "ERR_SSE_ENDED" });
    await closed;
    await until(() => stream.request.socket.destroyed, "the server's socket is closed");
    expect([hub.size, hub.stats().closed]).toEqual([0, { [reason]: 1 }]);
    expect(left).toEqual([[stream.connection, reason]]);
    const [, said] = /event: hub:end\n(?:id: .*\n)?data: (.*)\n\n$/.exec(stream.text) ?? [];
    expect(said).toBe(isSaid ? JSON.stringify({ reason }) : undefined);
    expect(stream.connection.send("message", "late")).toBe(false);
  });
});
