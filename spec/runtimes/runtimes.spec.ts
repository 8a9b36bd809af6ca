import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PackedPackage } from "../package/packed-package.js";
import { run } from "../package/run.js";
import { describeWithInstalled } from "../support/describe-with.js";
import { tableUnder } from "../support/guides.js";

const NEUTRAL = join(__dirname, "neutral");
const COMMAND = "npm --prefix spec/runtimes install --no-save";

type Dependency = "bun" | "deno" | "node20" | "node22" | "node24";

const { dependencies } = JSON.parse(readFileSync(join(__dirname, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<Dependency, string>>;
};

interface Runtime {
  readonly name: string;
  readonly version: string;
  readonly program: string;
  /** What runs all tests, shows them, and writes a report in the form of JUnit. */
  readonly args: (report: string) => readonly string[];
}

/** A program of an npm package. The package of Bun has the same name on every system. */
function programOf(path: string): string {
  const suffix = process.platform === "win32" && !path.endsWith(".exe") ? ".exe" : "";
  return join(__dirname, "node_modules", path + suffix);
}

const RUNTIMES: readonly Runtime[] = [
  ...([20, 22, 24] as const).map((major) => ({
    name: "Node",
    version: dependencies[`node${major}`].replace("npm:node@", ""),
    program: programOf(`node${major}/bin/node`),
    args: (report: string) => [
      "--test",
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=junit",
      `--test-reporter-destination=${report}`,
    ],
  })),
  {
    name: "Bun",
    version: dependencies.bun,
    program: programOf("bun/bin/bun.exe"),
    args: (report) => [
      "test",
      "--timeout=60000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
    ],
  },
  {
    name: "Deno",
    version: dependencies.deno,
    program: programOf("deno/deno"),
    args: (report) => [
      "test",
      "--allow-all",
      "--no-check",
      "--node-modules-dir=manual",
      `--junit-path=${report}`,
    ],
  },
];

const ROWS = RUNTIMES.flatMap((runtime) =>
  ["false", "true"].map((releaseRequest) => ({ ...runtime, releaseRequest })),
);

/** The titles of the tests, as their files have them. */
async function titlesIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".test.js"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) => matches(text, /^test\("([^"]+)"/gm)).sort();
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = ""]) => found);
}

describe("the runtimes that the guide names", () => {
  it("are those that are run, in these versions", () => {
    const named = tableUnder("README.md", "Runtimes").map(({ runtime }) => runtime);
    expect(named).toEqual(RUNTIMES.map(({ name, version }) => `${name} ${version}`));
  });
});

const missing = RUNTIMES.filter(({ program }) => !existsSync(program));

describeWithInstalled(
  { missing: missing.map(({ name, version }) => `${name} ${version}`), command: COMMAND },
  "the packed package on other runtimes",
  () => {
    const packed = new PackedPackage();
    let project: string;

    beforeAll(async () => {
      await packed.pack();
      project = await packed.installIntoCopyOf(NEUTRAL);
      await mkdir(join(project, "deno"));
    }, 120_000);

    afterAll(() => packed.remove());

    it.each(RUNTIMES)("run in the version that is named: $name $version", async (runtime) => {
      const { program, version } = runtime;
      const printed = await run(program, ["--version"], project);
      expect(/\d+\.\d+\.\d+/.exec(printed)?.[0]).toBe(version);
    });

    it.each(ROWS)(
      "passes all tests on $name $version, releaseRequest: $releaseRequest",
      async ({ name, version, program, args, releaseRequest }) => {
        const report = join(project, `${name}-${version}-${releaseRequest}.xml`);
        await run(program, args(report), project, {
          RELEASE_REQUEST: releaseRequest,
          // Deno keeps what it compiled there, and asks nobody for a newer version of itself.
          DENO_DIR: join(project, "deno"),
          DENO_NO_UPDATE_CHECK: "1",
        });
        const text = await readFile(report, "utf8");
        expect(matches(text, /<testcase [^>]*?\bname="([^"]*)"/g).sort()).toEqual(
          await titlesIn(NEUTRAL),
        );
        expect(text).not.toMatch(/<(?:failure|error|skipped)\b/);
      },
      120_000,
    );
  },
);
