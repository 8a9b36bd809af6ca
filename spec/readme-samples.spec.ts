import { join } from "node:path";
import { memoryLog, type HubOptions } from "express-sse-hub";
import ts from "typescript";
import { describeInBrowser } from "./support/browser.js";
import { sample, samples } from "./support/guides.js";
import { finishSample, sampleFolder } from "./support/sample-server.js";
import { Shop, until } from "./support/shop.js";

const ROOT = join(__dirname, "..");

/** What the samples have from the application around them. */
const AROUND = `
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createHub, memoryLog, requireUser, sse, streamOf, type SseUser } from "express-sse-hub";
import type { BroadcastTrace, HubChannels } from "express-sse-hub";
import { dashboard } from "express-sse-hub/dashboard";
import { migrationSql } from "express-sse-hub/postgres";
import { publisher } from "express-sse-hub/redis";
import { Pool } from "pg";

declare module "express-session" {
  interface SessionData {
    userId: number;
  }
}

const alice: SseUser = { id: 1, profile: "Administrator", team: { id: 7 } };
const checkPassword = (_body: unknown) => alice;
const findUser = async (id: number | undefined) => (id === 1 ? alice : null);
const userOfToken = (cookie: string | undefined) => (cookie === undefined ? null : alice);
const isRevoked = async (_token: string) => false;
const loadState = async () => ({ orders: 0 });
const model = {
  async *tokens(question: unknown, _options: { signal: AbortSignal }) {
    yield* ["to", "be", String(question)];
  },
};
const tracer = {
  traceparent: () => "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  delivered: (_id: string, _traceContext: string, _delayMs: number | null) => undefined,
};
const order = { id: 1, total: 9 };
const [connectionId, login, isStopping] = ["none", "alice", false];
const url = "redis://localhost";
const port = 0;
const pool = new Pool();

const app = express();
const hub = createHub({ log: memoryLog() });
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub }), express.json());
`;

// Asked for one after the other, as by a browser.
const REQUESTS = `
for (const fragment of fragments) await fragment();
const server = app.listen(0);
await once(server, "listening");
const origin = "http://localhost:" + String((server.address() as { port: number }).port);
let cookie = "";
async function ask(method: string, path: string) {
  const headers = { cookie, "content-type": "application/json" };
  const body = method === "POST" ? '{"question":"or not"}' : null;
  const res = await fetch(origin + path, { method, headers, body });
  cookie = res.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
  return res;
}
const said: unknown[] = [];
for (const [method, path] of [["POST", "/login"], ["POST", "/logout"], ["GET", "/private"], ["GET", "/ready"]] as const)
  said.push([path, (await ask(method, path)).status]);
await ask("POST", "/login");
const posted = await ask("POST", "/answers");
for (const follow of [posted, await ask("GET", String(posted.headers.get("location")))])
  said.push([...(await follow.text()).matchAll(/^event: token\\ndata: (.*)$/gm)].length);
const answer = await (await ask("GET", "/answer?q=or+not")).text();
said.push([...answer.matchAll(/^event: token\\ndata: (.*)$/gm)].map(([, token]) => token));
said.push(/^event: hub:end\\n(?:id: .*\\n)?data: (.*)$/m.exec(answer)?.[1]);
console.log(JSON.stringify(said));
process.exit();
`;

const isDeclaration = (text: string) => text.startsWith("declare module");
// A file of its own, which takes the place of the declaration for the server alone.
const isSharedFile = (text: string) => text.startsWith("// events.ts");
// For a server that is not there: it is compiled, and not run.
const isOfServer = (text: string) =>
  /publisher\(|new Redis\(|pool\.connect\(|migrationSql\(/.test(text);

function asFunction(text: string): string {
  const body = text.startsWith("req.sse")
    ? `app.get("/joined", async (req) => {\n${text}\n});`
    : text;
  return `async () => {\n${body}\n},`;
}

/** The samples in TypeScript as one program, each in a function of its own. */
function program(): string {
  const all = samples("ts").filter((text) => !isSharedFile(text));
  const fragments = all.filter((text) => !isDeclaration(text));
  return [
    AROUND,
    ...all.filter(isDeclaration),
    "const fragments: Array<() => Promise<void>> = [",
    ...fragments.filter((text) => !isOfServer(text)).map(asFunction),
    "];",
    "export const notRun = [",
    ...fragments.filter(isOfServer).map(asFunction),
    "];",
    REQUESTS,
  ].join("\n");
}

/** What the compiler says of a file, with the repository's own settings. */
function complaintsOf(file: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (name) =>
    ts.sys.readFile(name),
  ) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const lenient = { ...options, noUnusedLocals: false, noUnusedParameters: false };
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], lenient))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the guides' samples in TypeScript", () => {
  it("compile, and do what is said beside them", async () => {
    const folder = await sampleFolder({ "samples.mts": program() });
    expect(complaintsOf(join(folder, "samples.mts"))).toEqual([]);
    expect(JSON.parse(await finishSample(folder, "samples.mts"))).toEqual([
      ["/login", 204],
      ["/logout", 204],
      ["/private", 401],
      ["/ready", 200],
      3,
      3,
      ["to", "be", "or not"],
      '{"reason":"done"}',
    ]);
  }, 120_000);
});

describe("the guides' file of events", () => {
  it("types those of a server and of a page", async () => {
    const [events] = samples("ts").filter(isSharedFile);
    const page = `
import { connect } from "express-sse-hub/client";
import { createHub } from "express-sse-hub";

void createHub().broadcast("order", { id: 1, total: 9 });
// @ts-expect-error -- the total is missing
void createHub().broadcast("order", { id: 1 });
connect("/events").onJson("order", ({ total }) => total.toFixed());
// @ts-expect-error -- no such event
connect("/events").on("oder", () => undefined);
`;
    const folder = await sampleFolder({ "events.mts": `${events}${page}` });
    expect(complaintsOf(join(folder, "events.mts"))).toEqual([]);
  }, 60_000);
});

describeInBrowser("the guides' samples for pages", (windows) => {
  const around = `<script>
    const shown = [];
    let loads = 0;
    const loadOrders = () => void (loads += 1);
    for (const name of ["show", "say"]) window[name] = (what) => shown.push([name, what]);
  </script>`;

  const openWith = (html: string, hub: HubOptions = {}) =>
    Shop.open({
      hub,
      routes: (app) => {
        app.get("/page", (_req, res) => {
          res.type("html").send(around + html);
        });
      },
    });

  it.each([
    ["EventSource", `<script>${sample("EventSource")}</script>`],
    ["the client", sample("client")],
  ])("hear what is sent: with %s", async (_what, html) => {
    const shop = await openWith(html);
    const opened = new Promise((resolve) => shop.hub.once("join", resolve));
    const page = await windows.open(`${shop.url}/page`);
    await opened;
    await shop.hub.broadcast("order", { id: 1, total: 9 });
    await page.waitForFunction("shown.length === 1");
    expect(await page.evaluate("shown")).toEqual([["show", { id: 1, total: 9 }]]);
  });

  it.each([
    ["EventSource", `<script>${sample("EventSource")}</script>`],
    ["the client", sample("client")],
  ])("load the state again, not the page, when events are lost: with %s", async (_what, html) => {
    const shop = await openWith(html, { retryMs: 10, log: memoryLog({ maxEvents: 1 }) });
    const page = await windows.open(`${shop.url}/page`);
    await page.waitForFunction("loads === 1");
    await page.evaluate("window.form = 'half filled in'");
    // The page must have a cursor before it is cut off, or nothing is lost.
    await until(() => shop.hub.size === 1, "the stream is open");
    await shop.hub.broadcast("order", { id: 0, total: 9 });
    await page.waitForFunction("shown.length === 1");
    shop.hub.connections()[0]?.close();
    for (const id of [1, 2, 3]) await shop.hub.broadcast("order", { id, total: 9 });
    await page.waitForFunction("loads === 2");
    expect(await page.evaluate("window.form")).toBe("half filled in");
  });

  it("lead to the login that a guard redirects to", async () => {
    const html = `<script type="module">
      import { connect } from "/express-sse-hub/client.js";
      const stream = connect("/guarded", { maxRetryMs: 50 });
      ${sample("login redirect")}
    </script>`;
    const shop = await Shop.open({
      hub: { retryMs: 10 },
      routes: (app) => {
        app.get("/page", (_req, res) => void res.type("html").send(html));
        app.get("/guarded", (_req, res) => {
          res.redirect("/sign-in");
        });
        app.get("/sign-in", (_req, res) => void res.type("html").send("Who are you?"));
      },
    });
    const page = await windows.open(`${shop.url}/page`);
    await page.waitForURL(`${shop.url}/sign-in`);
    expect(await page.innerText("body")).toBe("Who are you?");
  });

  it("reconnect as the user who has logged in", async () => {
    const html = `<script type="module">
      import { connect } from "/express-sse-hub/client.js";
      const body = JSON.stringify({ id: 1 });
      let stream = connect("/events");
      await new Promise((resolve) => stream.onOpen(resolve));
      ${sample("login")}
      stream.onJson("order", show);
    </script>`;
    const shop = await openWith(html);
    const signedIn = new Promise<void>((resolve) => {
      shop.hub.on("join", ({ user }) => {
        if (user !== undefined) resolve();
      });
    });
    const page = await windows.open(`${shop.url}/page`);
    await signedIn;
    await shop.hub.broadcast("order", { id: 1, total: 9 }, { id: 1 });
    await page.waitForFunction("shown.length === 1");
    expect(await page.evaluate("shown")).toEqual([["show", { id: 1, total: 9 }]]);
  });
});
