import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const RECIPES = join(__dirname, "../../demo/recipes");
const LIST = readFileSync(join(RECIPES, "README.md"), "utf8");

const linked = new Set([...LIST.matchAll(/\]\(\.\/([^)]+)\)/g)].map(([, file]) => String(file)));
const files = [
  ...readdirSync(RECIPES).filter((file) => file.endsWith(".ts")),
  ...readdirSync(join(RECIPES, "proxies")).map((file) => `proxies/${file}`),
  // What is behind the pages, but for what only puts it there.
  ...readdirSync(join(RECIPES, "vite/src"))
    .filter((file) => !["vue.js", "svelte.js"].includes(file))
    .map((file) => `vite/src/${file}`),
  "vite/vite.config.js",
  "nextjs/server.js",
  "opentelemetry/trace-hubs.ts",
];

describe("the list of recipes", () => {
  it("has all there are", () => {
    expect([...linked].sort()).toEqual(files.sort());
  });

  it("has commands that run them", () => {
    const commands = LIST.matchAll(/`.*(demo\/recipes\/\S+?)[` ]/g);
    const missing = [...commands]
      .map(([, file]) => String(file))
      .filter((file) => !existsSync(join(__dirname, "../..", file)));
    expect(missing).toEqual([]);
  });
});
