#!/usr/bin/env node
import { run } from "./run.js";

const stop = new AbortController();
process.once("SIGINT", () => {
  stop.abort();
});
process.once("SIGTERM", () => {
  stop.abort();
});
// The reader of the output has ended, such as `head`.
process.stdout.once("error", () => {
  stop.abort();
});

void run(process.argv.slice(2), stop.signal).then((exitCode) => {
  process.exitCode = exitCode;
});
