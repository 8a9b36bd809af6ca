import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LOG_CONTRACT } from "express-sse-hub/log-contract";
import { GUIDES, textOf } from "../support/guides.js";
import { linksIn } from "../support/markdown.js";
import { describeWithPostgres } from "../support/postgres.js";
import { describeWithRedis } from "../support/redis.js";
import { PackedPackage } from "./packed-package.js";
import { run } from "./run.js";

// Four projects as users have them: both module systems, both languages, both majors of Express.
const CONSUMERS = ["cjs-js", "esm-js", "cjs-ts", "esm-ts"];

// It measures 3 120 kB: 580 kB of it documents, screenshots, recipes and what watches over a hub, 210 kB the page of
// the dashboard. A quarter as much again leaves room to grow, and stops what nobody meant to ship: source maps, more
// pictures, a bundled dependency.
const MAX_UNPACKED_BYTES = 3_900_000;

const BUILT = /^dist\/(?:cjs|esm)\/(?:[a-z-]+\/)*[a-z0-9-]+\.(?:d\.ts|js)$/;
const SCREENSHOT = /^demo\/screenshots\/[a-z]+-(?:dark|light)\.webp$/;
const RECIPE =
  /^demo\/recipes\/(?:[a-z0-9-]+\/(?:(?:app|src)\/)?)?[a-zA-Z0-9-]+(?:\.config)?\.?(?:ts|jsx?|json|html|vue|svelte|cfg|conf)?$/;
// For Grafana and Prometheus.
const OPERATIONS = ["alerts.test.yml", "alerts.yml", "grafana.json"].map(
  (name) => `lib/metrics/${name}`,
);

interface Manifest {
  readonly dependencies: object;
  readonly peerDependenciesMeta: Readonly<Record<string, unknown>>;
}

const TSC = require.resolve("typescript/bin/tsc");

/**
 * Compiles a project, and checks every declaration that it uses but those of TypeScript itself. Rejects with what the
 * compiler complains of.
 */
function compile(project: string, ...args: readonly string[]): Promise<string> {
  return run(process.execPath, [TSC, "--skipDefaultLibCheck", ...args], project);
}

describe("the packed package", () => {
  const packed = new PackedPackage();

  beforeAll(() => packed.pack(), 120_000);

  afterAll(() => packed.remove());

  it("holds two builds, the documents and their screenshots, the recipes and what watches over a hub, and nothing else", () => {
    const known = [BUILT, RECIPE, SCREENSHOT];
    const others = packed.files.filter((file) => !known.some((pattern) => pattern.test(file)));
    expect(others).toEqual(
      [
        ...GUIDES,
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
        "CHANGELOG.md",
        "LICENSE",
        "dist/cjs/package.json",
        ...OPERATIONS,
        "package.json",
        "spec/bench/results/kept.md",
        "lib/dashboard/dashboard.png",
        "spec/bench/results/kept.svg",
      ].sort(),
    );
  });

  it("holds what its documents link to", () => {
    const documents = packed.files.filter((file) => file.endsWith(".md"));
    const targets = documents.flatMap((file) => linksIn(file, textOf(file)));
    const missing = targets.filter(({ file }) => !packed.files.includes(file));
    expect(documents).toEqual(expect.arrayContaining([...GUIDES]));
    expect(missing).toEqual([]);
  });

  it("holds the same modules for import and for require", () => {
    const builtFor = (flavour: string) => {
      const folder = `dist/${flavour}/`;
      const built = packed.files.filter((file) => file.startsWith(folder) && BUILT.test(file));
      return built.map((file) => file.slice(folder.length));
    };
    expect(builtFor("cjs")).toEqual(builtFor("esm"));
    expect(builtFor("esm")).toContain("index.d.ts");
  });

  it("stays small", () => {
    expect(packed.unpackedBytes).toBeLessThan(MAX_UNPACKED_BYTES);
  });

  it("gives import and require the same names at every entry", async () => {
    const project = await packed.installInto("entries");
    const printed = await run(process.execPath, ["list-entries.js"], project);
    const entries = JSON.parse(printed) as Record<
      string,
      { imported: string[]; required: string[] }
    >;
    expect(Object.keys(entries)).toContain(".");
    for (const { imported, required } of Object.values(entries)) {
      expect(imported).toEqual(required);
      expect(imported).not.toEqual([]);
    }
  });

  it.each(CONSUMERS)(
    "serves in the project %s",
    async (consumer) => {
      const project = await packed.installInto(consumer);
      if (consumer.endsWith("-ts")) await compile(project);
      expect(await run(process.execPath, ["server.js"], project)).toBe("received hello\n");
    },
    120_000,
  );

  it("has a program that runs", async () => {
    const project = await packed.installInto("program");
    const folder = join(project, "node_modules", "express-sse-hub");
    const manifest = await readFile(join(folder, "package.json"), "utf8");
    const { bin } = JSON.parse(manifest) as { bin: Record<string, string> };
    const program = join(folder, bin["express-sse-hub"] ?? "");
    expect(await readFile(program, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(await run(process.execPath, [program, "--help"], project)).toContain("Usage:");
  });

  it("is typed for a page that knows nothing of Node", async () => {
    const project = await packed.installInto("page-ts");
    await compile(project);
    const page = await readFile(join(project, "page.js"), "utf8");
    expect(page).toContain('import { connect } from "express-sse-hub/client";');
  }, 120_000);

  it("types the events of a server and its page by one file, without Node's types in the page", async () => {
    const project = await packed.installInto("shared-events-ts");
    const filesOf = (side: string) => {
      return compile(project, "-p", `tsconfig.${side}.json`, "--listFiles");
    };
    const [server, page] = [await filesOf("server"), await filesOf("page")];
    expect([server, page]).toEqual([
      expect.stringContaining("/events.ts"),
      expect.stringContaining("/events.ts"),
    ]);
    expect(page).not.toContain("/@types/node/");
  }, 120_000);

  it.each(["cjs-js-testing", "esm-ts-testing"])(
    "lets an application be tested in the project %s",
    async (consumer) => {
      const project = await packed.installInto(consumer);
      if (consumer.includes("-ts")) await compile(project);
      const tested = run(process.execPath, ["--test-reporter=tap", "app.test.js"], project);
      const count = LOG_CONTRACT.length + 2;
      expect((await tested).match(/^# (?:tests|pass) .*$/gm)).toEqual([
        `# tests ${count}`,
        `# pass ${count}`,
      ]);
    },
    120_000,
  );

  it.each(["no-redis-cjs-ts", "no-redis-esm-ts"])(
    "compiles and says what is missing in the project %s",
    async (consumer) => {
      const project = await packed.installInto(consumer);
      await compile(project);
      expect(await run(process.execPath, ["node.js"], project)).toBe(
        "ERR_SSE_LOG, not-sent: redisLog({ url }) needs the package redis or ioredis, but neither " +
          "could be loaded. Run: npm install redis\n",
      );
    },
    120_000,
  );

  it.each(["no-pg-cjs-ts", "no-pg-esm-ts"])(
    "brings no client of a database, and says what is missing in the project %s",
    async (consumer) => {
      const project = await packed.installInto(consumer);
      const file = join(project, "node_modules/express-sse-hub/package.json");
      const manifest = JSON.parse(await readFile(file, "utf8")) as Manifest;
      for (const name of ["pg", "redis", "ioredis"]) {
        expect([name in manifest.dependencies, manifest.peerDependenciesMeta[name]]).toEqual([
          false,
          { optional: true },
        ]);
      }
      await compile(project);
      expect(await run(process.execPath, ["node.js"], project)).toBe(
        "ERR_SSE_LOG, not-sent: PACKAGE The package pg could not be loaded. Run: npm install pg\n",
      );
    },
    120_000,
  );

  it.each(["metrics-cjs-ts", "metrics-esm-ts"])(
    "counts in the project %s",
    async (consumer) => {
      const project = await packed.installInto(consumer);
      await compile(project);
      expect(await run(process.execPath, ["node.js"], project)).toBe(
        "sse_events_published_total 1\n",
      );
    },
    120_000,
  );

  it.each(["dashboard-cjs-ts", "dashboard-esm-ts"])(
    "shows the dashboard in the project %s",
    async (consumer) => {
      const project = await packed.installInto(consumer);
      await compile(project);
      expect(await run(process.execPath, ["server.js"], project)).toBe(
        "showed the dashboard to alice alone\n",
      );
    },
    120_000,
  );

  describeWithPostgres("with PostgreSQL", (serverOf) => {
    it.each(["postgres-cjs-ts", "postgres-esm-ts"])(
      "serves in the project %s",
      async (consumer) => {
        const project = await packed.installInto(consumer);
        await compile(project);
        expect(await run(process.execPath, ["node.js", serverOf().url], project)).toBe(
          "took hello twice\n",
        );
      },
      120_000,
    );
  });

  describeWithRedis("with Redis", (urlOf) => {
    it.each(["redis-cjs-ts", "redis-esm-ts"])(
      "serves in the project %s",
      async (consumer) => {
        const project = await packed.installInto(consumer);
        await compile(project);
        expect(await run(process.execPath, ["node.js", urlOf()], project)).toBe(
          "took hello twice\n",
        );
      },
      120_000,
    );

    it.each(["redis-sessions-esm-ts", "ioredis-sessions-cjs-ts"])(
      "shares sessions and events of two processes in the project %s",
      async (consumer) => {
        const project = await packed.installInto(consumer);
        await compile(project);
        expect(await run(process.execPath, ["nodes.js", urlOf()], project)).toBe(
          "received hello from the other process, and its end\n",
        );
      },
      120_000,
    );
  });
});
