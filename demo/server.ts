import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createDemo } from "./app.js";
import { listenForKeys } from "./console-keys.js";
import { drain } from "./drain.js";
import { listen } from "./listen.js";
import { OwnControls } from "./own-controls.js";
import { readPort } from "./read-port.js";
import { sayHello, type ConsoleHello } from "./say-hello.js";
import { MadeUpShop } from "./shop/made-up-shop.js";

const DEFAULT_PORT = 2015;
// One ctrl-C may arrive twice: from the terminal, and from npm or tsx, which pass on the signal that they receive.
const SAME_INTERRUPT_MS = 300;

const shop = new MadeUpShop(() => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const { app, hub } = createDemo(undefined, new OwnControls(shop));
const server = createServer(app);
let drainingSince: number | undefined;

hub.on("error", (error) => {
  process.stderr.write(`${error.code}: ${error.message}\n`);
});

try {
  start(await listen(server, readPort(process.env.PORT, DEFAULT_PORT)));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}

function start(port: number): void {
  const actions = {
    s: () => {
      hello({ to: "all", text: "hello" });
    },
    a: () => {
      hello({ to: "administrators", text: "hello" });
    },
    q: quit,
  };
  listenForKeys(process.stdin, actions, interrupt);
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  const url = `http://localhost:${port}`;
  say(`Page    ${url}/`);
  say(`Stream  ${url}/api/test/sse`);
  say("");
  say("(S)end to all, (A)dministrators only, (Q)uit");
}

function hello({ to, text }: ConsoleHello): void {
  sayHello(hub, { to, text }).then(
    ({ reached, of }) => {
      say(`Sent ${text} to ${to}: reached ${reached} of ${of}.`);
    },
    // The hub has passed the error to its error listener.
    () => undefined,
  );
}

function quit(): void {
  if (drainingSince !== undefined) return;
  drainingSince = performance.now();
  say(`Closing. Open connections: ${hub.size}.`);
  Promise.all([shop.close(), drain(hub, server)]).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
}

/** Quits; at a second call, without waiting for the streams to end. */
function interrupt(): void {
  if (drainingSince === undefined) quit();
  else if (performance.now() - drainingSince > SAME_INTERRUPT_MS) process.exit(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
