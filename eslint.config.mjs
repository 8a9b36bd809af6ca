// Reads .eslintrc.json, where all the rules are.
import { readFileSync } from "node:fs";
import { FlatCompat } from "@eslint/eslintrc";
import js from "@eslint/js";
import { supportedApis } from "./spec/support/supported-apis.mjs";

const baseDirectory = import.meta.dirname;
const compat = new FlatCompat({ baseDirectory, recommendedConfig: js.configs.recommended });
const rules = JSON.parse(readFileSync(new URL(".eslintrc.json", import.meta.url), "utf8"));
// A rule of our own, for .eslintrc.json to switch on.
const browsers = { rules: { "supported-apis": supportedApis } };

export default [{ plugins: { browsers } }, ...compat.config(rules)];
