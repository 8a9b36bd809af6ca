import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import connectPgSimple from "connect-pg-simple";
import session from "express-session";
import { migrate } from "express-sse-hub/postgres";
import { Client, Pool } from "pg";
import { freePort } from "./free-port.js";
import { Program, type User } from "./program.js";

const LOOK_MS = 50;

/** Starts a PostgreSQL that ends with the demo, and resolves when it has the tables of the nodes. */
export async function startPostgres(
  files: { readonly postgres: string; readonly initdb: string },
  folder: string,
): Promise<{ postgres: Program; url: string }> {
  const [port, home, user] = [await freePort(), join(folder, "postgres"), unprivilegedUser()];
  mkdirSync(home);
  if (user.uid !== undefined) {
    chmodSync(folder, 0o711);
    chownSync(home, user.uid, user.gid ?? user.uid);
  }
  const data = join(home, "data");
  const init = ["-D", data, "-U", "demo", "-A", "trust", "-E", "UTF8", "--locale=C"];
  execFileSync(files.initdb, init, { ...user, stdio: "ignore" });
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories="];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const postgres = Program.spawn(files.postgres, args, "ignore", user);
  const url = `postgres://demo@127.0.0.1:${port}/postgres`;
  while (!(await letsIn(url))) {
    if (postgres.hasEnded) throw new Error("PostgreSQL did not start.");
    await sleep(LOOK_MS);
  }
  await makeTables(url);
  return { postgres, url };
}

// Before there are several nodes: the table of the sessions cannot be made by all of them at once.
async function makeTables(connectionString: string): Promise<void> {
  await migrate({ connectionString });
  const pool = new Pool({ connectionString });
  const PgStore = connectPgSimple(session);
  const store = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
  await new Promise((resolve) => {
    store.get("none", resolve);
  });
  await pool.end();
}

async function letsIn(url: string): Promise<boolean> {
  const client = new Client(url);
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

// PostgreSQL does not run as root.
function unprivilegedUser(): User {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"]).toString());
  return { uid: idOf("-u"), gid: idOf("-g") };
}
