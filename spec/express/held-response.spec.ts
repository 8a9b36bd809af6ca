import { once } from "node:events";
import { readFileSync } from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createHub, sse } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { GatedLog } from "../support/gated-log.js";
import { until } from "../support/until.js";
import { tokenOf, userOf } from "../support/token-shop.js";

const ALICE = { login: "alice" };
const BIG = "x".repeat(3_000_000);

type Answer = (res: ServerResponse) => void;

/** What a client has of an answer so far. */
interface Asked {
  head: Record<string, unknown> | null;
  readonly whole: Promise<string>;
  abort(): void;
}

interface Site {
  ask(path: string, method?: string): Asked;
  /** Ends all connections without a goodbye. */
  cut(): void;
}

// What a response may do whose credential has changed.
const ANSWERS: Record<string, { answer: Answer; body: string; method?: string }> = {
  "end alone": { answer: (res) => res.end(), body: "" },
  "end with a text": { answer: (res) => res.end("text"), body: "text" },
  "a large body in one piece": { answer: (res) => res.end(BIG), body: BIG },
  "no content": {
    answer: (res) => {
      res.statusCode = 204;
      res.end();
    },
    body: "",
  },
  "the answer to HEAD": { answer: (res) => res.end(), body: "", method: "HEAD" },
  "writes, and an end in a later turn": {
    answer: (res) => {
      res.write("a");
      res.write("b");
      setImmediate(() => res.end("c"));
    },
    body: "abc",
  },
  "a stream that is piped": {
    answer: (res) => void Readable.from(["a", BIG, "b", BIG, "c"]).pipe(res),
    body: `a${BIG}b${BIG}c`,
  },
  "flushHeaders before the body": {
    answer: (res) => {
      res.flushHeaders();
      setImmediate(() => res.end("late"));
    },
    body: "late",
  },
  "writeHead, and the body later": {
    answer: (res) => {
      res.writeHead(200, { "x-more": "1" });
      setImmediate(() => res.end("late"));
    },
    body: "late",
  },
  "early hints first": {
    answer: (res) => {
      res.writeEarlyHints({ link: "</style.css>; rel=preload" });
      res.end("after hints");
    },
    body: "after hints",
  },
  "a trailer at the end": {
    answer: (res) => {
      res.setHeader("trailer", "x-sum");
      res.write("a");
      res.addTrailers({ "x-sum": "1" });
      res.end("b");
    },
    body: "ab",
  },
};

function listener(log: GatedLog, answer: Answer) {
  const hub = createHub({ log: log.log });
  onTestEnd(() => hub.close());
  const middleware = sse({ hub, user: userOf, credential: "token" });
  return (req: unknown, res: unknown) => {
    middleware(req as IncomingMessage, res as ServerResponse, () => {
      if ((req as IncomingMessage).url === "/nothing") {
        (res as ServerResponse).end("nothing");
        return;
      }
      (res as ServerResponse).setHeader("Set-Cookie", `token=${tokenOf(ALICE)}`);
      answer(res as ServerResponse);
    });
  };
}

const cookie = () => `token=${tokenOf(ALICE)}`;

async function overHttp1(log: GatedLog, answer: Answer): Promise<Site> {
  const server = http.createServer(listener(log, answer));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const agent = new http.Agent({ keepAlive: true });
  onTestEnd(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    ask: (path, method = "GET") => {
      const request = http.request({ port, path, method, agent, headers: { cookie: cookie() } });
      const asked: Asked = {
        head: null,
        whole: once(request, "response").then(async ([response]) => {
          asked.head = (response as IncomingMessage).headers;
          return (await buffer(response as IncomingMessage)).toString();
        }),
        abort: () => request.destroy(),
      };
      asked.whole.catch(() => undefined);
      request.end();
      return asked;
    },
    cut: () => {
      server.closeAllConnections();
    },
  };
}

async function overHttp2(log: GatedLog, answer: Answer): Promise<Site> {
  const server = http2.createServer(listener(log, answer));
  const sockets: Socket[] = [];
  server.on("connection", (socket: Socket) => sockets.push(socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on("error", () => undefined);
  onTestEnd(async () => {
    // Node 20 corrupts its memory where a session is destroyed that has streams.
    if (!session.destroyed) {
      session.close();
      await once(session, "close");
    }
    server.close();
  });
  return {
    ask: (path, method = "GET") => {
      const request = session.request({ ":path": path, ":method": method, cookie: cookie() });
      request.on("error", () => undefined);
      const asked: Asked = {
        head: null,
        whole: buffer(request).then(String),
        abort: () => {
          request.close(http2.constants.NGHTTP2_CANCEL);
        },
      };
      asked.whole.catch(() => undefined);
      request.once("response", (headers) => (asked.head = headers));
      return asked;
    },
    cut: () => {
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

describe.each([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("a response over %s that changes the credential, where the log is shared", (_protocol, open) => {
  it.each(Object.entries(ANSWERS))(
    "waits until the other nodes know, and arrives as it is: %s",
    async (_name, { answer, body, method }) => {
      const log = new GatedLog();
      const site = await open(log, answer);

      const asked = site.ask("/changes", method);
      await until(() => log.told === 1, "the others are being told");
      // Another response passes meanwhile.
      expect(await site.ask("/nothing").whole).toBe("nothing");
      expect(asked.head).toBeNull();
      log.open();

      expect((await asked.whole) === body).toBe(true);
      expect(asked.head).toHaveProperty("set-cookie");
    },
  );

  it("goes out after 2 s, although the others are not told", async () => {
    const log = new GatedLog();
    const site = await open(log, (res) => res.end("text"));

    expect(await site.ask("/changes").whole).toBe("text");
  });

  it("makes its writer wait, and calls back in the order of the writes", async () => {
    const log = new GatedLog();
    const told: unknown[] = [];
    const site = await open(log, (res) => {
      told.push(res.write(BIG, () => told.push("written")));
      res.once("drain", () => {
        told.push("drain");
        res.end("end", () => told.push("finished"));
      });
    });

    const asked = site.ask("/changes");
    await until(() => log.told === 1, "the others are being told");
    await site.ask("/nothing").whole;
    expect(told).toEqual([false]);
    log.open();

    expect(await asked.whole).toHaveLength(BIG.length + 3);
    await until(() => told.length === 4, "it has finished");
    expect(new Set(told)).toEqual(new Set([false, "written", "drain", "finished"]));
  });

  it.each<[string, (site: Site, asked: Asked) => void]>([
    [
      "its request is aborted",
      (_site, asked) => {
        asked.abort();
      },
    ],
    [
      "its connection is cut",
      (site) => {
        site.cut();
      },
    ],
  ])("is closed, and nothing fails, where meanwhile %s", async (_what, leave) => {
    const log = new GatedLog();
    const closed: string[] = [];
    const site = await open(log, (res) => {
      res.once("close", () => closed.push("closed"));
      res.write("a");
      res.end("b");
    });
    const asked = site.ask("/changes");
    await until(() => log.told === 1, "the others are being told");

    leave(site, asked);
    await until(() => closed.length === 1, "the server knows");
    log.open();
    await new Promise((resolve) => setImmediate(resolve));

    expect(closed).toEqual(["closed"]);
  });
});

it.each<[string, (stream: http2.ServerHttp2Stream, headers: http2.OutgoingHttpHeaders) => void]>([
  [
    "respond",
    (stream, headers) => {
      stream.respond(headers);
      stream.end(readFileSync(__filename));
    },
  ],
  [
    "respondWithFile",
    (stream, headers) => {
      stream.respondWithFile(__filename, headers);
    },
  ],
])("waits where it is sent by %s of the HTTP/2 stream itself", async (_way, send) => {
  const log = new GatedLog();
  const site = await overHttp2(log, (res) => {
    const { stream } = res as unknown as { stream: http2.ServerHttp2Stream };
    send(stream, { ":status": 200, "set-cookie": ["a=1", "token=; Max-Age=0"] });
  });

  const asked = site.ask("/changes");
  await until(() => log.told === 1, "the others are being told");
  await site.ask("/nothing").whole;
  expect(asked.head).toBeNull();
  log.open();

  expect(await asked.whole).toBe(readFileSync(__filename, "utf8"));
});

it("waits for the log of each hub that it passes", async () => {
  const logs = [new GatedLog(), new GatedLog()] as const;
  const middlewares = logs.map(({ log }) => {
    const hub = createHub({ log });
    onTestEnd(() => hub.close());
    return sse({ hub, user: userOf, credential: "token" });
  });
  const site = await overHttp1(new GatedLog(), () => undefined);
  const server = http.createServer((req, res) => {
    middlewares[0]?.(req, res, () => {
      middlewares[1]?.(req, res, () => {
        res.setHeader("Set-Cookie", "token=; Max-Age=0").end("both");
      });
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestEnd(() => server.close());
  const { port } = server.address() as AddressInfo;
  let text = "";
  const asked = fetch(`http://127.0.0.1:${port}`, { headers: { cookie: cookie() } }).then(
    async (response) => (text = await response.text()),
  );
  await until(() => logs.every(({ told }) => told === 1), "both are being told");

  logs[0].open();
  expect(await site.ask("/nothing").whole).toBe("nothing");
  expect(text).toBe("");
  logs[1].open();
  await asked;

  expect(text).toBe("both");
});
