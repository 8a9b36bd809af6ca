import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import type { Socket } from "node:net";
import { Shop } from "../support/shop.js";

// Linux tells here of each socket which timer runs and when it ends, in hundredths of a second.
const TABLE = "/proc/net/tcp";
const KEEP_ALIVE = "02";

/** The timer of a server's socket, as the kernel has it. */
function timerOf(socket: Socket): { timer: string; seconds: number } | undefined {
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of readFileSync(TABLE, "utf8").split("\n")) {
    const [, local = "", remote = "", , , timer = ""] = line.trim().split(/\s+/);
    if (!local.endsWith(`:${hex(socket.localPort)}`)) continue;
    if (!remote.endsWith(`:${hex(socket.remotePort)}`)) continue;
    const [kind = "", when = ""] = timer.split(":");
    return { timer: kind, seconds: parseInt(when, 16) / 100 };
  }
  return undefined;
}

const describeOnLinux = existsSync(TABLE) ? describe : describe.skip;
if (describeOnLinux !== describe) process.stderr.write(`Skipped without ${TABLE}: keep-alive\n`);

describeOnLinux("the socket of a stream", () => {
  it("is probed after ten quiet seconds, so that a peer gone without a word is found [socket-3]", async () => {
    const shop = await Shop.open();
    const accepted = once(shop.server, "connection") as Promise<[Socket]>;
    await shop.stream();
    const [socket] = await accepted;
    const { timer, seconds } = timerOf(socket) ?? {};
    expect(timer).toBe(KEEP_ALIVE);
    expect(seconds).toBeGreaterThan(8);
    expect(seconds).toBeLessThanOrEqual(10);
  });
});
