#!/usr/bin/env node
import { run } from "./run.js";

const stop = new AbortController();
process.once("SIGINT", () => {
  stop.abort();
});
process.once("SIGTERM", () => {
  stop.abort();
});
// Whoever reads what is printed has heard enough, such as `head`.
process.stdout.once("error", () => {
  stop.abort();
});

void run(process.argv.slice(2), stop.signal).then((exitCode) => {
  process.exitCode = exitCode;
});
