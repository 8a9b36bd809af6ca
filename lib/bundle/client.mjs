// Bundles the browser client into one file, and the code for sharing a connection into a second one. Both are text in a
// module of the server, lib/express/client-bundle.ts, which is not kept in git.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { BUNDLE_TARGET } from "./browsers.mjs";
import { writeIfChanged } from "./write-if-changed.mjs";

const CLIENT = new URL("../client/", import.meta.url);
// The server replaces this text with the path at which it serves the second file.
const SHARED_PART = "./client-shared.js";

const sharedPart = {
  name: "shared part",
  setup({ onResolve }) {
    onResolve({ filter: /\/shared-link\.js$/ }, () => ({ path: SHARED_PART, external: true }));
  },
};

async function bundle(entry, plugins) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, CLIENT))],
    bundle: true,
    minify: true,
    format: "esm",
    target: BUNDLE_TARGET,
    legalComments: "none",
    write: false,
    plugins,
  });
  return JSON.stringify(outputFiles[0].text);
}

export default async function bundleClient() {
  const module = `/** The path with which the browser client imports the code for sharing a connection. */
export const SHARED_PART = ${JSON.stringify(SHARED_PART)};
/** The browser client, minified. */
export const CLIENT_BUNDLE: string = ${await bundle("index.ts", [sharedPart])};
/** The code for sharing a connection between tabs, minified. */
export const SHARED_BUNDLE: string = ${await bundle("shared-link.ts", [])};
`;
  await writeIfChanged(new URL("../express/client-bundle.ts", import.meta.url), module);
}
