// One node: the demo's application with its log and its sessions in Redis or PostgreSQL. The console starts it, and
// hears on which port it listens.
import { createServer } from "node:http";
import { createDemo } from "../app.js";
import { drain } from "../drain.js";
import { listen } from "../listen.js";
import { sayHello, type ConsoleHello } from "../say-hello.js";
import { NodeControls } from "./node-controls.js";
import type { NodeMessage } from "./node-message.js";
import { sharedBy } from "./shared-by-node.js";

const { NODE_NAME: name = "", SECRET: secret = "", PORT: port } = process.env;
const { REDIS_URL: redisUrl, DATABASE_URL: databaseUrl } = process.env;

const shared = await sharedBy({ redisUrl, databaseUrl, secret }, complain);
const controls = new NodeControls();
const { app, hub } = createDemo({ ...shared, secret, node: name }, controls);
const server = createServer(app);
hub.on("error", complain);

process.on("message", (message: NodeMessage) => {
  if ("state" in message) controls.take(message.state);
  else hello(message.hello);
});
// The second comes when the console has gone without a word.
process.once("SIGTERM", quit).once("disconnect", quit);

process.send?.(await listen(server, Number(port)));

function hello(words: ConsoleHello): void {
  sayHello(hub, words).then(
    ({ reached, of }) => {
      const { text, to } = words;
      process.stdout.write(`${name} sent ${text} to ${to}: reached ${reached} of ${of}.\n`);
    },
    // The hub has told its error listener.
    () => undefined,
  );
}

function quit(): void {
  void drain(hub, server).finally(() => process.exit(0));
}

function complain(error: Error): void {
  process.stderr.write(`${name}: ${error.message}\n`);
}
