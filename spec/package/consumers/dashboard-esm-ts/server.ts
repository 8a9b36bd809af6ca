// An application in TypeScript with ES modules on Express 5 that mounts the dashboard, and looks at it as its users do.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { createHub, sse } from "express-sse-hub";
import {
  dashboard,
  type Allow,
  type AllowFunction,
  type DashboardOptions,
} from "express-sse-hub/dashboard";

async function main(): Promise<void> {
  const hub = createHub();
  const allow: Allow = { profile: "Administrator" };
  const options: DashboardOptions = { hub, allow };
  const isAlice: AllowFunction = (req) => req.headers.authorization === "alice";
  // @ts-expect-error -- nobody is named who may see it
  assert.throws(() => dashboard({ hub }), { code: "ERR_SSE_OPTION" });

  const app = express();
  const profiles = new Map([["alice", "Administrator"]]);
  app.use(
    sse({
      hub,
      user: (req) => ({ profile: profiles.get(String(req.headers.authorization)) ?? "Viewer" }),
    }),
  );
  app.use("/sse-admin", dashboard(options));
  app.use("/for-alice", dashboard({ hub, allow: isAlice }));
  const server = app.listen(0);
  await once(server, "listening");
  const origin = "http://localhost:" + String((server.address() as AddressInfo).port);
  const ask = (path: string, authorization: string) =>
    fetch(origin + path, { headers: { authorization } });

  for (const path of ["/sse-admin", "/for-alice"]) {
    assert.equal((await ask(path, "bob")).status, 403);
    const answer = await ask(path, "alice");
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
    // The bundled script is all there: its hash is that of the policy.
    const [, script = ""] =
      /<script type="module">(.*)<\/script>\n<\/body>/s.exec(await answer.text()) ?? [];
    const hash = createHash("sha256").update(script).digest("base64");
    assert.ok(script.length > 10_000);
    assert.ok(answer.headers.get("content-security-policy")?.includes("'sha256-" + hash + "'"));
  }
  const stream = await ask("/sse-admin/stream", "alice");
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  await stream.body?.cancel();
  console.log("showed the dashboard to alice alone");
  hub.closeWith(server);
  process.kill(process.pid, "SIGTERM");
}

void main();
