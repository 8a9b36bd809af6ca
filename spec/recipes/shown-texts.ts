import type { Page } from "playwright-core";

/** The texts of what a page shows there, once there are so many. */
export async function shownTexts(page: Page, selector: string, count: number): Promise<string[]> {
  const shown = page.locator(selector);
  await shown.nth(count - 1).waitFor();
  return shown.allTextContents();
}
