// The whole suite once more, with hubs that let go of the requests of their streams. Specs of files
// in lib/ that they import by themselves, and of the packed package, run as ever.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const { jest } = JSON.parse(readFileSync(pathOf("../../package.json"), "utf8"));

// For the servers that specs start as processes of their own.
process.env.TSX_TSCONFIG_PATH = pathOf("released.tsconfig.json");

export default {
  ...jest,
  rootDir: pathOf("../.."),
  moduleNameMapper: {
    ...jest.moduleNameMapper,
    "^express-sse-hub$": "<rootDir>/spec/support/released.ts",
  },
};
