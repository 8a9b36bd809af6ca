import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(__dirname, "../..");
const HOOKS = { "express-sse-hub/react": join(ROOT, "lib/react/index.ts") };
const HOW = {
  bundle: true,
  write: false,
  define: { "process.env.NODE_ENV": '"development"' },
  logLevel: "error",
} as const;

/** The majors of React that the package supports, with the packages that have them here. */
export const REACT_VERSIONS = [
  ["19", {}],
  ["18", { react: "react18", "react-dom": "react-dom18" }],
] as const;

/** A sample of the guide, with what is behind it in the same module. */
export async function bundleSample(code: string): Promise<string> {
  const stdin = { contents: code, loader: "jsx", resolveDir: ROOT } as const;
  const { outputFiles } = await build({ ...HOW, stdin, alias: HOOKS, jsx: "automatic" });
  return outputFiles[0]?.text ?? "";
}

/** The page of the specs with React's development build, which mounts twice in StrictMode. */
export async function bundlePage(packages: Readonly<Record<string, string>>): Promise<string> {
  const { outputFiles } = await build({
    ...HOW,
    entryPoints: [join(__dirname, "site/page.js")],
    alias: { ...packages, ...HOOKS },
  });
  return outputFiles[0]?.text ?? "";
}
