import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build as bundle, type Plugin } from "esbuild";

const MAX_GZIPPED_BYTES = 2_000;

const clientOutside: Plugin = {
  name: "client outside",
  setup: (build) => {
    build.onResolve({ filter: /^\.\.\/client\// }, ({ path }) => ({ path, external: true }));
  },
};

describe("the hooks", () => {
  it("add less than 2 kB to React and the client", async () => {
    const { outputFiles } = await bundle({
      entryPoints: [join(__dirname, "../../lib/react/index.ts")],
      bundle: true,
      minify: true,
      format: "esm",
      plugins: [clientOutside],
      external: ["react"],
      write: false,
      logLevel: "error",
    });
    const [{ text } = { text: "" }] = outputFiles;
    const imported = [...text.matchAll(/from"([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(imported)).toEqual(
      new Set(["react", "../client/index.js", "../client/value-of.js"]),
    );
    expect(gzipSync(text).length).toBeLessThan(MAX_GZIPPED_BYTES);
  });
});
