import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answers, freePort } from "./redis.mjs";

const DEBIAN = "/usr/lib/postgresql";

/** Why there can be no PostgreSQL here, or `null`. */
export function missingPostgres() {
  return existsSync(DEBIAN) ? null : "no PostgreSQL here (on Debian: apt install postgresql)";
}

/** A PostgreSQL of its own for one measurement, beside the load, with its default settings. Ends with `end()`. */
export async function startPostgres(machine) {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "sse-bench-postgres-"))];
  const user = unprivilegedUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const [newest] = readdirSync(DEBIAN).sort((a, b) => b - a);
  const program = (name) => join(DEBIAN, newest, "bin", name);
  const data = join(folder, "data");
  execFileSync(program("initdb"), ["-D", data, "-U", "bench", "-A", "trust"], {
    ...user,
    stdio: "ignore",
  });
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories="];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const command = machine.command("load", program("postgres"), args);
  const child = spawn(...command, { ...user, stdio: "ignore" });
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries === 100) throw new Error("PostgreSQL has not begun to listen");
    await sleep(50);
  }
  // It takes connections a little before it lets anybody in.
  await sleep(500);
  return {
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    async end() {
      child.kill("SIGINT");
      if (child.exitCode === null) await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// PostgreSQL does not run as root.
function unprivilegedUser() {
  if (process.getuid() !== 0) return {};
  const idOf = (flag) => Number(execFileSync("id", [flag, "postgres"]));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
