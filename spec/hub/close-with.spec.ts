import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { join } from "node:path";
import { createHub } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { sampleFolder } from "../support/sample-server.js";

const ROOT = join(__dirname, "../..");

/** An application as a newcomer has it: a stream, a route that never answers, and what keeps a process alive. */
const server = (closing: string) => `
import express from "express";
import { createHub, sse } from "express-sse-hub";

const app = express();
const hub = createHub();
app.use(sse({ hub }));
app.get("/events", (req) => void req.sse.join());
app.get("/hangs", () => console.log("asked"));
setInterval(() => undefined, 1_000);
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
${closing}
`;

class Application {
  output = "";
  readonly exit: Promise<unknown[]>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    // All output has been read.
    this.exit = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    onTestEnd(async () => {
      child.kill("SIGKILL");
      await this.exit;
    });
  }

  static async start(closing: string): Promise<Application> {
    const cwd = await sampleFolder({ "server.mts": server(closing) });
    const child = spawn(process.execPath, ["--import", "tsx", "server.mts"], {
      cwd,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const application = new Application(child);
    await application.says(/^\d+$/m);
    return application;
  }

  get url(): string {
    return `http://127.0.0.1:${parseInt(this.output, 10)}`;
  }

  async says(text: RegExp): Promise<void> {
    while (!text.test(this.output)) await once(this.#child.stdout as NodeJS.ReadableStream, "data");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

describe("hub.closeWith", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "tells the browsers at %s, and ends the process though something keeps it alive",
    async (signal) => {
      const application = await Application.start("hub.closeWith(server);");
      const stream = await openStream(application.url, "/events");
      await stream.opened();
      application.signal(signal);
      expect(await stream.closed).toBe("shutdown");
      expect(await application.exit).toEqual([0, null]);
    },
    30_000,
  );

  it("waits no longer than it may for a request that is never answered", async () => {
    const application = await Application.start("hub.closeWith(server, { timeoutMs: 200 });");
    const request = get(`${application.url}/hangs`);
    const failed = once(request, "error");
    await application.says(/asked/);
    application.signal("SIGTERM");
    expect(await application.exit).toEqual([0, null]);
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  }, 30_000);

  it("leaves the end of the process to an application that listens to the signal, too", async () => {
    const application = await Application.start(`
      process.once("SIGTERM", () => server.once("close", () => {
        setTimeout(() => { console.log("database closed"); process.exit(7); }, 50);
      }));
      hub.closeWith(server);
    `);
    application.signal("SIGTERM");
    expect(await application.exit).toEqual([7, null]);
    expect(application.output).toContain("database closed");
  }, 30_000);

  it("closes two hubs and servers before the process ends", async () => {
    const application = await Application.start(`
      const slow = createHub();
      const other = express().listen(0, "127.0.0.1");
      other.once("close", () => console.log("other closed"));
      server.once("close", () => console.log("server closed"));
      slow.closeWith(other);
      hub.closeWith(server);
    `);
    application.signal("SIGTERM");
    expect(await application.exit).toEqual([0, null]);
    expect(application.output).toContain("other closed");
    expect(application.output).toContain("server closed");
  }, 30_000);

  it("takes its listeners back", () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    const count = () => process.listenerCount("SIGTERM") + process.listenerCount("SIGUSR2");
    const before = count();
    const stop = hub.closeWith({ close: () => undefined }, { signals: ["SIGTERM", "SIGUSR2"] });
    expect(count()).toBe(before + 2);
    stop();
    expect(count()).toBe(before);
  });

  it.each([
    [undefined, {}],
    [() => undefined, {}],
    [{ close: () => undefined }, { signals: ["SIGNONE"] }],
    [{ close: () => undefined }, { timeoutMs: 0 }],
  ])("refuses %p with %p", (given, options) => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    expect(() => hub.closeWith(given as never, options as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION" }),
    );
  });
});
