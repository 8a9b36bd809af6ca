import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client, Pool, type PoolConfig, type QueryResult } from "pg";
import { describeWith } from "./describe-with.js";
import { onTestEnd } from "./disposers.js";
import { freePort } from "./free-port.js";

type Column = Record<string, unknown>;

const DEBIAN = "/usr/lib/postgresql";
const READY_MS = 30_000;

/** Where the newest PostgreSQL of Debian is; a path that does not exist where there is none. */
function programsFolder(): string {
  const [newest = "0"] = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a))
    : [];
  return join(DEBIAN, newest, "bin");
}

/**
 * A {@link describeWith} whose specs need a real PostgreSQL, which is started for them.
 *
 * @param specs gets a function that gives the server, to be called in a test
 */
export function describeWithPostgres(
  name: string,
  specs: (serverOf: () => PostgresServer) => void,
): void {
  // Debian's package is called as its server.
  const installed = existsSync(join(programsFolder(), "postgres"));
  describeWith(installed ? [] : [`${DEBIAN}/postgresql`], name, () => {
    let server: PostgresServer | undefined;

    beforeAll(async () => {
      server = await PostgresServer.create();
    }, 60_000);

    afterAll(() => server?.remove());

    specs(() => server as PostgresServer);
  });
}

/** A PostgreSQL of a spec's own, on a free port, run by a user without privileges. */
export class PostgresServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "postgres-spec-"));
  readonly #user = unprivilegedUser();
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();

  private constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.#settings = settings;
    if (this.#user !== null) chownSync(this.#folder, this.#user.uid, this.#user.gid);
  }

  /** @param settings such as `fsync=on` */
  static async start(settings: readonly string[] = []): Promise<PostgresServer> {
    const server = await PostgresServer.create(settings);
    onTestEnd(() => server.remove());
    return server;
  }

  /** The same without an end of its own. */
  static async create(settings: readonly string[] = []): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), settings);
    const args = ["-D", server.data, "-U", "sse", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"];
    execFileSync(join(programsFolder(), "initdb"), args, { ...server.#user, stdio: "ignore" });
    await server.run();
    return server;
  }

  /** A replica of another server. It is ended with the test. */
  static async standbyOf(primary: PostgresServer): Promise<PostgresServer> {
    const standby = new PostgresServer(await freePort(), []);
    onTestEnd(() => standby.remove());
    const args = ["-D", standby.data, "-R", "-c", "fast", "-d", primary.url];
    execFileSync(join(programsFolder(), "pg_basebackup"), args, {
      ...standby.#user,
      stdio: "ignore",
    });
    await standby.run();
    return standby;
  }

  get data(): string {
    return join(this.#folder, "data");
  }

  /** Of the database that every server has, as its superuser. */
  get url(): string {
    return this.urlOf("sse");
  }

  urlOf(user: string, database = "postgres"): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the process, also again after `kill`: on the same port, with what it has on disk. */
  async run(): Promise<void> {
    const deadline = Date.now() + READY_MS;
    // What a killed server has left behind may take a moment to end.
    while (!(await this.#try())) {
      if (Date.now() > deadline) throw new Error("PostgreSQL does not start.");
      await wait(50);
    }
  }

  /** Ends the process as a crash does. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exit;
  }

  /** Ends it in good order. */
  async shutDown(): Promise<void> {
    this.#child?.kill("SIGINT");
    await this.#exit;
  }

  /** Holds all its processes: it takes connections, and answers nothing. */
  stop(): void {
    this.#signal("SIGSTOP");
  }

  /** Lets held processes go on. */
  goOn(): void {
    this.#signal("SIGCONT");
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Runs statements as the superuser. Gives the rows of the last one. */
  async sql(text: string, values?: unknown[]): Promise<Column[]> {
    const client = new Client(this.url);
    client.on("error", () => undefined);
    await client.connect();
    try {
      const result: unknown = await client.query(text, values);
      const last = (Array.isArray(result) ? result.at(-1) : result) as QueryResult<Column>;
      return last.rows;
    } finally {
      await client.end();
    }
  }

  /** Lets this role in with its password only. */
  async asksForPassword(role: string): Promise<void> {
    const file = join(this.data, "pg_hba.conf");
    const others = readFileSync(file, "utf8");
    writeFileSync(file, `host all ${role} 127.0.0.1/32 scram-sha-256\n${others}`);
    await this.sql("SELECT pg_reload_conf()");
  }

  /** Runs a program of PostgreSQL on a database. Gives what it prints. */
  program(name: string, args: readonly string[], input = ""): string {
    return execFileSync(join(programsFolder(), name), args, {
      input,
      maxBuffer: 2 ** 28,
    }).toString();
  }

  /** A pool that ends with the test. */
  pool(config: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString: this.url, ...config });
    // Also of a client that is in use when its server goes.
    pool
      .on("error", () => undefined)
      .on("connect", (client) => {
        client.on("error", () => undefined);
      });
    onTestEnd(() => pool.end());
    return pool;
  }

  // The postmaster and its children, which it cannot tell while it is held.
  #signal(signal: "SIGSTOP" | "SIGCONT"): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    for (const one of [pid, ...childrenOf(pid)]) process.kill(one, signal);
  }

  async #try(): Promise<boolean> {
    const { port } = this;
    const settings = [
      ...[`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"],
      ...["max_connections=200", "shared_buffers=32MB", "log_min_messages=panic"],
      ...this.#settings,
    ];
    const args = ["-D", this.data, ...settings.flatMap((setting) => ["-c", setting])];
    const child = spawn(join(programsFolder(), "postgres"), args, {
      ...this.#user,
      stdio: "ignore",
    });
    this.#child = child;
    this.#exit = once(child, "exit");
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) return false;
      if (await this.#answers()) return true;
      await wait(20);
    }
  }

  #answers(): Promise<boolean> {
    return this.sql("SELECT 1").then(
      () => true,
      () => false,
    );
  }
}

// PostgreSQL does not run as root.
function unprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"]).toString());
  return { uid: idOf("-u"), gid: idOf("-g") };
}

function childrenOf(pid: number): number[] {
  const text = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)]).toString();
  return text.split("\n").map(Number).filter(Boolean);
}
