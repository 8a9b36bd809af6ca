import { readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveConnectOptions } from "../lib/client/connect-options.js";
import { resolveHubOptions } from "../lib/hub/hub-options.js";
import { resolveMemoryLogOptions } from "../lib/log/memory-log-options.js";
import { resolveRedisLogOptions } from "../lib/redis/redis-log-options.js";

const ROOT = join(__dirname, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

type Row = Record<string, string>;

/** The first table under a heading of the README, a record for each row. */
function tableUnder(heading: string): Row[] {
  const section = README.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /, 1)[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  const rows = lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const [names = [], , ...cells] = rows;
  return cells.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? ""])));
}

const plain = (cell = "") => cell.replaceAll("`", "");

/** What a cell of the column "default" stands for. */
function valueOf(cell = ""): unknown {
  const text = plain(cell);
  // The resolved options say null for a log of the hub's own, and for what was not given.
  return text === "memoryLog()" || text === "none" ? null : JSON.parse(text.replaceAll("_", ""));
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
  return { ...settings, url: null };
}

describe.each<[string, (options: object) => object]>([
  ["createHub", resolveHubOptions],
  ["memoryLog", resolveMemoryLogOptions],
  ["redisLog", resolveRedisOptions],
  ["connect", resolveConnectOptions],
])("the README's options of %s", (owner, resolve) => {
  const rows = tableUnder(`Options of \`${owner}\``);

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

describe("the README's errors", () => {
  it("are the codes of the code", () => {
    const source = readFileSync(join(ROOT, "lib", "sse-hub-error.ts"), "utf8");
    const union = source.split("export type SseHubErrorCode =")[1]?.split(";", 1).join() ?? "";
    const codes = tableUnder("Errors").map(({ code }) => plain(code));
    expect(codes.toSorted()).toEqual(
      [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code).sort(),
    );
  });
});
