// One node: the demo's application with its log and its sessions in Redis or PostgreSQL. The console starts it, and
// hears on which port it listens; a message is a hello to say.
import { createServer } from "node:http";
import { createDemo } from "../app.js";
import { drain } from "../drain.js";
import { listen } from "../listen.js";
import { sayHello, type ConsoleHello } from "../say-hello.js";
import { sharedBy } from "./shared-by-node.js";

const { NODE_NAME: name = "", SECRET: secret = "", PORT: port } = process.env;
const { REDIS_URL: redisUrl, DATABASE_URL: databaseUrl } = process.env;

const shared = await sharedBy({ redisUrl, databaseUrl, secret }, complain);
const { app, hub } = createDemo({ ...shared, secret, node: name });
const server = createServer(app);
hub.on("error", complain);

process.on("message", (hello: ConsoleHello) => {
  sayHello(hub, hello).then(
    ({ reached, of }) => {
      process.stdout.write(
        `${name} sent ${hello.text} to ${hello.to}: reached ${reached} of ${of}.\n`,
      );
    },
    // The hub has told its error listener.
    () => undefined,
  );
});
// The second comes when the console has gone without a word.
process.once("SIGTERM", quit).once("disconnect", quit);

process.send?.(await listen(server, Number(port)));

function quit(): void {
  void drain(hub, server).finally(() => process.exit(0));
}

function complain(error: Error): void {
  process.stderr.write(`${name}: ${error.message}\n`);
}
