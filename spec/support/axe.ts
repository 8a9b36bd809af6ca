import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: ReadonlyArray<{ readonly id: string; readonly nodes: unknown[] }>;
}

/** What axe-core finds in a page: one line for each fault, with where it is. */
export async function faultsIn(page: Page): Promise<string[]> {
  // Not as an element of the page: its policy may allow none.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResult>("axe.run()");
  return violations.map(({ id, nodes }) => `${id} ${JSON.stringify(nodes)}`);
}
