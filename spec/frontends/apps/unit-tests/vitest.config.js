import { defineConfig } from "vitest/config";

const url = process.env.SERVER_URL;

export default defineConfig({
  oxc: { jsx: { runtime: "automatic" } },
  test: {
    globals: true,
    testTimeout: 60_000,
    environmentOptions: { jsdom: { url }, happyDOM: { url } },
  },
});
