// Prints what every entry of the package gives to `import` and to `require`.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { exports } = require("express-sse-hub/package.json");

const entries = {};
for (const subpath of Object.keys(exports)) {
  const entry = `express-sse-hub${subpath.slice(1)}`;
  const isJson = entry.endsWith(".json");
  const imported = await import(entry, isJson ? { with: { type: "json" } } : undefined);
  entries[subpath] = {
    imported: Object.keys(isJson ? imported.default : imported).sort(),
    required: Object.keys(require(entry)).sort(),
  };
}
console.log(JSON.stringify(entries));
