// Reads .eslintrc.json, where all the rules are.
import { readFileSync } from "node:fs";
import { FlatCompat } from "@eslint/eslintrc";
import js from "@eslint/js";

const baseDirectory = import.meta.dirname;
const compat = new FlatCompat({ baseDirectory, recommendedConfig: js.configs.recommended });
const rules = JSON.parse(readFileSync(new URL(".eslintrc.json", import.meta.url), "utf8"));

export default compat.config(rules);
