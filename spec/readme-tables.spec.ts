import { createHub, type Hub } from "express-sse-hub";
import { resolveConnectOptions } from "../lib/client/connect-options.js";
import { resolveDashboardOptions } from "../lib/dashboard/dashboard-options.js";
import { resolveSseOptions } from "../lib/express/sse-options.js";
import { resolveCloseWithOptions } from "../lib/hub/close-with.js";
import { resolveHubOptions } from "../lib/hub/hub-options.js";
import { resolveMemoryLogOptions } from "../lib/log/memory-log-options.js";
import { resolvePostgresLogOptions } from "../lib/postgres/postgres-log-options.js";
import { resolveRedisLogOptions } from "../lib/redis/redis-log-options.js";
import { tableUnder, textOf, type Guide } from "./support/guides.js";

const plain = (cell = "") => cell.replaceAll("`", "");

/** What a cell of the column "default" stands for. */
function valueOf(cell = ""): unknown {
  const text = plain(cell);
  // The resolved options say null for a log of the hub's own, and for what was not given.
  const isNull = ["memoryLog()", "none", "required"].includes(text);
  return isNull ? null : JSON.parse(text.replaceAll("_", ""));
}

/** What the error for an unknown option says that it knows. */
function knownTo(resolve: (options: never) => unknown): string[] {
  try {
    resolve({ "?": 1 } as never);
  } catch (error) {
    return /It knows: (.*)\.$/.exec((error as Error).message)?.[1]?.split(", ") ?? [];
  }
  return [];
}

/** The options of a log in Redis, one of which must be given. */
function resolveRedisOptions(options: object): object {
  const settings = resolveRedisLogOptions({ url: "redis://localhost", ...options });
  const { createClient: _client, ...rest } = settings;
  return { url: null, client: null, ...rest };
}

/** The options of a log in PostgreSQL, the same. */
function resolvePostgresOptions(options: object): object {
  const settings = resolvePostgresLogOptions({
    connectionString: "postgres://localhost",
    ...options,
  });
  const { createClient: _client, ...rest } = settings;
  return { connectionString: null, pool: null, ...rest };
}

/** The options of `sse()`, whose hub must be given, in the words of the guide. */
function resolveMountOptions(options: object): object {
  const { statics, credential, ...settings } = resolveSseOptions({ hub: {} as Hub, ...options });
  // Not to give a credential differs from null in a warning only.
  const [first = null, given = null] = [statics[0], credential];
  return { ...settings, hub: null, static: first, watch: null, credential: given };
}

/** The options of `dashboard()`, two of which must be given. */
function resolveOwnDashboardOptions(options: object): object {
  const given = { hub: createHub(), allow: () => true, ...options };
  return { ...resolveDashboardOptions(given), hub: null, allow: null };
}

describe.each<[string, Guide, (options: object) => object]>([
  ["createHub", "lib/hub/README.md", resolveHubOptions],
  ["closeWith", "lib/hub/README.md", resolveCloseWithOptions],
  ["memoryLog", "lib/log/README.md", resolveMemoryLogOptions],
  ["redisLog", "lib/redis/README.md", resolveRedisOptions],
  ["postgresLog", "lib/postgres/README.md", resolvePostgresOptions],
  ["connect", "lib/client/README.md", resolveConnectOptions],
  ["sse", "lib/express/README.md", resolveMountOptions],
  ["dashboard", "lib/dashboard/README.md", resolveOwnDashboardOptions],
])("the guide's options of %s", (owner, guide, resolve) => {
  const rows = tableUnder(guide, `Options of ${owner}`);

  it("are all there are, in the order of the code", () => {
    expect(rows.map(({ name }) => plain(name))).toEqual(knownTo(resolve));
  });

  it("have the defaults of the code", () => {
    const defaults: unknown = JSON.parse(JSON.stringify(resolve({})));
    expect(Object.fromEntries(rows.map((row) => [plain(row.name), valueOf(row.default)]))).toEqual(
      defaults,
    );
  });

  it("say null exactly where the code takes it", () => {
    const takesNull = (name: string) => {
      try {
        resolve({ [name]: null });
        return true;
      } catch {
        return false;
      }
    };
    expect(rows.map(({ name, type }) => [plain(name), /\bnull\b/.test(type ?? "")])).toEqual(
      rows.map(({ name }) => [plain(name), takesNull(plain(name))]),
    );
  });

  it("have each a type and a meaning", () => {
    expect(rows.filter(({ type, meaning }) => type === "" || meaning === "")).toEqual([]);
  });
});

describe("the front door's modules", () => {
  const rows = tableUnder("README.md", "Modules").map((row) => plain(row["import from"]));
  const exported = (entry: string) => import(entry) as Promise<Record<string, unknown>>;

  it("are the entries of the package", () => {
    const { exports } = JSON.parse(textOf("package.json")) as { exports: object };
    const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
    expect(rows.toSorted()).toEqual(entries.map((entry) => entry.replace(".", "express-sse-hub")));
  });

  it.each(rows)("export what the table says: %s", async (entry) => {
    const row = tableUnder("README.md", "Modules").find(
      (one) => one["import from"] === `\`${entry}\``,
    );
    const names = [...(row?.exports ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(names.toSorted()).toEqual(Object.keys(await exported(entry)).sort());
  });
});

describe("the guide's errors", () => {
  it("are the codes of the code", () => {
    const source = textOf("lib/errors/sse-hub-error.ts");
    const union = source.split("export type SseHubErrorCode =")[1]?.split(";", 1).join() ?? "";
    const codes = tableUnder("lib/errors/README.md", "Errors").map(({ code }) => plain(code));
    expect(codes.toSorted()).toEqual(
      [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code).sort(),
    );
  });
});
