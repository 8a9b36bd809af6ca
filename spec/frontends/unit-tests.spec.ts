import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../package/run.js";
import { sample } from "../support/guides.js";
import { Shop, until } from "../support/shop.js";
import { describeFrontEnds } from "./front-ends.js";

const APP = join(__dirname, "apps/unit-tests");
const RUN_MS = 120_000;

async function openShop(): Promise<Shop> {
  return Shop.open({
    routes: (app, hub) => {
      app.post("/orders/:id", async (req, res) => {
        await hub.broadcast("order", { id: Number(req.params.id) });
        res.sendStatus(204);
      });
      app.get("/connections", (_req, res) => {
        res.set("Cache-Control", "no-store").send(String(hub.size));
      });
    },
  });
}

describeFrontEnds("the unit tests of a front end", (frontEnds) => {
  let project: string;

  beforeAll(async () => {
    project = await frontEnds.copyOf(APP);
  });

  it("have the environment of the guide", async () => {
    const file = await readFile(join(APP, "jsdom-with-fetch.cjs"), "utf8");
    expect(file.trim()).toBe(sample("jsdom in jest").trim());
  });

  it.each([
    ["vitest", "vitest.mjs", ["run", "--environment=jsdom"]],
    ["vitest", "vitest.mjs", ["run", "--environment=happy-dom"]],
    ["jest", "bin/jest.js", ["--env=./jsdom-with-fetch.cjs"]],
    ["jest", "bin/jest.js", ["--env=@happy-dom/jest-environment"]],
  ])(
    "pass with %s, %s %j",
    async (name, file, args) => {
      const shop = await openShop();
      const report = join(project, `${args.join(" ").replace(/\W/g, "")}.json`);
      const reporter = name === "vitest" ? ["--reporter=json"] : ["--json"];
      const program = join(project, "node_modules", name, file);
      await run(
        process.execPath,
        [program, ...args, ...reporter, `--outputFile=${report}`],
        project,
        { SERVER_URL: shop.url },
      );
      expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({
        numTotalTests: 2,
        numPassedTests: 2,
      });
      await until(() => shop.hub.size === 0, "every connection has ended");
      expect(shop.hub.stats().opened).toBe(3);
    },
    RUN_MS,
  );
});
