import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { Shop } from "../support/shop.js";
import { ClientPage, WITH_PAGE } from "./client-page.js";
import { missingApis, takeAway } from "./oldest-browser.js";

const ROOT = join(__dirname, "../..");
const CONNECT = "lib/client/connect.ts";
const LINT_MS = 120_000;

/** What our lint of APIs says of `connect.ts`, with this at its end. */
async function lintWith(code: string): Promise<string[]> {
  const args = ["node_modules/eslint/bin/eslint.js", "--format", "json", "--stdin"];
  const lint = spawn(process.execPath, [...args, "--stdin-filename", CONNECT], { cwd: ROOT });
  onTestEnd(() => void lint.kill("SIGKILL"));
  lint.stdin.end(readFileSync(join(ROOT, CONNECT), "utf8") + code);
  const [output] = await Promise.all([text(lint.stdout), once(lint, "exit")]);
  const [{ messages }] = JSON.parse(output) as [{ messages: Array<Record<string, string>> }];
  return messages
    .filter(({ ruleId }) => ruleId === "browsers/supported-apis")
    .map(({ message = "" }) => message.replace(/ is missing in .*/, ""));
}

describe("the lint of what the client uses", () => {
  it(
    "names what a browser that we support does not have",
    async () => {
      const found = await lintWith(`
        export const used = (list: number[], signal: AbortSignal) => [
          URL.canParse("x"),
          globalThis.URL.canParse("x"),
          structuredClone(list),
          list.at(-1),
          signal.throwIfAborted,
          new BroadcastChannel("x"),
          Object.hasOwn(list, 0),
          list.includes(1),
          new AbortController(),
        ];
      `);
      expect(found.toSorted()).toEqual([
        "AbortSignal.throwIfAborted",
        "Array.at",
        "BroadcastChannel",
        "Object.hasOwn",
        "URL.canParse",
        "URL.canParse",
        "structuredClone",
      ]);
    },
    LINT_MS,
  );
});

describeInBrowser("a browser without all that the oldest ones lack", (windows) => {
  const open = async (shop: Shop, query: string) => {
    const window = await windows.open(`${shop.url}/none.html`);
    await window.addInitScript(takeAway, missingApis());
    await window.goto(`${shop.url}${query}`);
    return new ClientPage(window);
  };

  it("has lost what newer code would use", async () => {
    const shop = await Shop.open(WITH_PAGE);
    const page = await open(shop, "");
    const lost = await page.run(
      "[URL.canParse, self.structuredClone, [].at, AbortSignal.any, navigator.locks, self.BroadcastChannel].map((api) => typeof api)",
    );
    expect(lost).toEqual(Array(6).fill("undefined"));
  });

  it.each([
    ["", "a stream of its own"],
    ["?shared=true", "a stream that was to be shared"],
  ])("runs the client with %s", async (query) => {
    const shop = await Shop.open({ ...WITH_PAGE, hub: { retryMs: 50 } });
    const page = await open(shop, query);
    await page.tells("recovered null");
    await shop.hub.broadcast("message", "before");
    await page.tells("message before");
    shop.hub.connections()[0]?.close();
    await shop.hub.broadcast("message", "missed");
    await page.tells("message missed");
    expect(await page.messages()).toEqual(["message before", "message missed"]);
  });
});
