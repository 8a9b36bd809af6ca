import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { DemoProcess } from "./demo-process.js";
import { signIn } from "./sign-in.js";

describe("npm run demo", () => {
  it("prints where it listens, and the keys", async () => {
    const { demo, url } = await DemoProcess.start();

    expect(demo.output).toBe(
      `Page    ${url}/\nStream  ${url}/api/test/sse\n\n` +
        "(S)end to all, (A)dministrators only, (Q)uit\n",
    );
  });

  it("says hello to all and to administrators, and quits with streams open", async () => {
    const { demo, url } = await DemoProcess.start("tsx");
    const alice = await openStream(url, "/api/test/sse", { cookie: await signIn(url, "alice") });
    const bob = await openStream(url, "/api/private/sse", { cookie: await signIn(url, "bob") });
    await alice.opened();
    await bob.opened();

    demo.type("a");
    demo.type("S\nq");

    expect(await demo.exit).toEqual({ code: 0, signal: null });
    expect(await alice.nextData(2)).toEqual(["hello", "hello"]);
    expect(await bob.nextData()).toEqual(["hello"]);
    expect([await alice.closed, await bob.closed]).toEqual(["shutdown", "shutdown"]);
    expect(demo.output).toContain("Sent hello to administrators: reached 1 of 2.\n");
    expect(demo.output).toContain("Sent hello to all: reached 2 of 2.\n");
    expect(demo.errors).toBe("");
  });

  it("takes no arrow key for a letter", async () => {
    const { demo, url } = await DemoProcess.start();
    const reader = await openStream(url, "/api/test/sse");
    await reader.opened();

    demo.type("\u001b[As");
    demo.type("q");
    await demo.exit;

    expect(await reader.nextData()).toEqual(["hello"]);
    expect(demo.output).not.toContain("administrators:");
  });

  it("runs on when its console has gone", async () => {
    const { demo, url } = await DemoProcess.start();
    demo.hangUp();
    const reader = await openStream(url, "/api/test/sse");

    await reader.opened();
    demo.signal("SIGTERM");

    expect(await demo.exit).toEqual({ code: 0, signal: null });
  });

  it.each(["SIGINT", "SIGTERM"] as const)("drains on %s", async (signal) => {
    const { demo, url } = await DemoProcess.start();
    const reader = await openStream(url, "/api/test/sse");
    await reader.opened();

    demo.signal(signal);

    expect(await demo.exit).toEqual({ code: 0, signal: null });
    expect(await reader.closed).toBe("shutdown");
  });

  it("does not wait for a socket on which nothing was asked", async () => {
    const { demo, url } = await DemoProcess.start();
    await openSocket(url);

    demo.signal("SIGTERM");

    expect(await demo.exit).toEqual({ code: 0, signal: null });
  });

  it("exits at once when interrupted again", async () => {
    const { demo, url } = await DemoProcess.start();
    await openSocket(url);
    const again = setInterval(() => {
      demo.signal("SIGINT");
    }, 50);
    onTestEnd(() => {
      clearInterval(again);
    });

    expect(await demo.exit).toEqual({ code: 1, signal: null });
  });

  it("says plainly that its port is taken", async () => {
    const port = await takePort();
    const demo = new DemoProcess(String(port));

    expect(await demo.exit).toEqual({ code: 1, signal: null });
    expect(demo.errors).toBe(`Port ${port} is taken: set PORT=2016, or any other that is free.\n`);
    expect(demo.output).toBe("");
  });

  it.each(["http", "-1", "65536", "2015.5"])("says that PORT=%s is none", async (port) => {
    const demo = new DemoProcess(port);

    expect(await demo.exit).toEqual({ code: 1, signal: null });
    expect(demo.errors).toBe(
      `PORT is "${port}". Expected a whole number from 0 to 65535, such as PORT=2015.\n`,
    );
  });
});

/** Opens a socket and asks nothing, as browsers do ahead of the next request. */
async function openSocket(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  onTestEnd(() => socket.destroy());
  await once(socket, "connect");
}

async function takePort(): Promise<number> {
  const taken = createServer().listen(0);
  onTestEnd(() => new Promise((resolve) => taken.close(resolve)));
  await once(taken, "listening");
  return (taken.address() as AddressInfo).port;
}
