// Makes the client one file, as text in a module of the server's side: lib/express/client-bundle.ts, which
// is made anew by each `npm install`, build and test run, and is not kept in git.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { BUNDLE_TARGET } from "./browsers.mjs";

const HERE = new URL(".", import.meta.url);

export default async function bundleClient() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("index.ts", HERE))],
    bundle: true,
    minify: true,
    format: "esm",
    target: BUNDLE_TARGET,
    legalComments: "none",
    write: false,
  });
  const [{ text }] = outputFiles;
  const module = `/** The browser client, minified. */\nexport const CLIENT_BUNDLE: string = ${JSON.stringify(text)};\n`;
  await writeFile(new URL("../express/client-bundle.ts", HERE), module);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleClient();
