// Bundles the page of the dashboard, as text in a module of the server, lib/dashboard/page-bundle.ts, which is not kept
// in git.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { BUNDLE_TARGET } from "./browsers.mjs";
import { writeIfChanged } from "./write-if-changed.mjs";

const DASHBOARD = new URL("../dashboard/", import.meta.url);
const UPLOT = createRequire(import.meta.url).resolve("uplot/package.json");

/** @param banner what the bundle begins with */
async function bundle(entry, banner = "") {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, DASHBOARD))],
    bundle: true,
    minify: true,
    format: "esm",
    charset: "utf8",
    target: BUNDLE_TARGET,
    legalComments: "none",
    write: false,
  });
  return banner + outputFiles[0].text.trim();
}

export default async function bundleDashboard() {
  // The script holds a copy of uPlot, whose licence goes with every copy.
  const licence = await readFile(join(dirname(UPLOT), "LICENSE"), "utf8");
  const notice = `/*! The charts are drawn by uPlot (https://github.com/leeoniya/uPlot).\n\n${licence.trim()}\n*/\n`;
  const [body, script, style] = await Promise.all([
    readFile(new URL("page/page.html", DASHBOARD), "utf8"),
    bundle("page/main.js", notice),
    bundle("page/page.css"),
  ]);
  const module = `/** What is in the page. */
export const PAGE_BODY: string = ${JSON.stringify(body.trim())};
/** Its script, with the browser client, minified. */
export const PAGE_SCRIPT: string = ${JSON.stringify(script)};
/** Its style, minified. */
export const PAGE_STYLE: string = ${JSON.stringify(style)};
`;
  await writeIfChanged(new URL("page-bundle.ts", DASHBOARD), module);
}
