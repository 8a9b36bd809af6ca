// Makes the client one file, and what tabs that share a connection need besides another one, as text in a
// module of the server's side: lib/express/client-bundle.ts, which is made anew by each `npm install`,
// build and test run, and is not kept in git. The page of the dashboard is made with it.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import bundleDashboard from "../dashboard/bundle.mjs";
import { BUNDLE_TARGET } from "./browsers.mjs";
import { writeIfChanged } from "./write-if-changed.mjs";

const HERE = new URL(".", import.meta.url);
// The server writes there where it serves that part.
const SHARED_PART = "./client-shared.js";

const sharedPart = {
  name: "shared part",
  setup({ onResolve }) {
    onResolve({ filter: /\/shared-link\.js$/ }, () => ({ path: SHARED_PART, external: true }));
  },
};

async function bundle(entry, plugins) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, HERE))],
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
  const module = `/** How the browser client names the part that is loaded to share a connection between tabs. */
export const SHARED_PART = ${JSON.stringify(SHARED_PART)};
/** The browser client, minified. */
export const CLIENT_BUNDLE: string = ${await bundle("index.ts", [sharedPart])};
/** What is loaded to share a connection between tabs, minified. */
export const SHARED_BUNDLE: string = ${await bundle("shared-link.ts", [])};
`;
  await writeIfChanged(new URL("../express/client-bundle.ts", HERE), module);
  await bundleDashboard();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleClient();
