// Two processes of the application: who has signed in on the first one has a stream on the second, which
// gets what the first sends and ends when the first signs the user out.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("server.js", import.meta.url));

async function main(): Promise<void> {
  const children = [0, 1].map(() => fork(SERVER, process.argv.slice(2)));
  const exits = Promise.all(children.map((child) => once(child, "exit")));
  const listening = Promise.all(children.map((child) => once(child, "message")));
  // A process that ends before it listens has said why.
  const ports = await Promise.race([listening, exits.then(() => assert.fail("It ended early."))]);
  const [first, second] = ports.map(([port]) => `http://127.0.0.1:${port}`);

  const login = await fetch(`${first}/login`, { method: "POST" });
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  const client = get(`${second}/events`, { agent: false, headers: { cookie } });
  const [stream] = (await once(client, "response")) as [IncomingMessage];
  assert.equal(stream.statusCode, 200);

  let received = "";
  for await (const text of stream.setEncoding("utf8")) {
    const before = received;
    received += text;
    const isNew = (event: string) => received.includes(event) && !before.includes(event);
    if (isNew("event: hub:open")) await fetch(`${first}/hello`, { method: "POST" });
    if (isNew("data: hello\n\n")) {
      await fetch(`${first}/logout`, { method: "POST", headers: { cookie } });
    }
  }
  assert.match(received, /data: hello\n\n[^]*event: hub:end\n[^]*{"reason":"user"}/);
  const refused = await fetch(`${second}/events`, { headers: { cookie } });
  assert.equal(refused.status, 401);

  for (const child of children) child.disconnect();
  assert.deepEqual(await exits, [
    [0, null],
    [0, null],
  ]);
  console.log("received hello from the other process, and its end");
}

void main();
