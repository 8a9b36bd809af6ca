import type { Page } from "playwright-core";
import type { Windows } from "../support/browser.js";
import type { Shop } from "../support/shop.js";
import { ALICE } from "./dashboard-shop.js";

/** Which view is opened, and in what a window. */
export interface View {
  readonly hash?: string;
  readonly path?: string;
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

/** The dashboard in a window. */
export interface OpenPage {
  readonly page: Page;
  /** Alice's. */
  readonly cookie: string;
  /** The origins it has asked. */
  readonly asked: ReadonlySet<string>;
  /** See {@link complaintsOf}. */
  readonly complaints: readonly string[];
}

/** Opens the dashboard as Alice, and notes what the page asks for and complains of. */
export async function openPage(
  windows: Windows,
  shop: Shop,
  { hash = "", path = "/sse-admin", width = 1280, colorScheme = "light" }: View = {},
): Promise<OpenPage> {
  const cookie = await shop.signIn(ALICE);
  const page = await windows.open("about:blank", {
    viewport: { width, height: 900 },
    colorScheme,
  });
  const [name = "", value = ""] = cookie.split("=", 2);
  await page.context().addCookies([{ name, value, url: shop.url }]);
  const asked = new Set<string>();
  const complaints = complaintsOf(page);
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  await page.goto(`${shop.url}${path}${hash}`);
  await page.locator("#status", { hasText: "Live" }).waitFor();
  return { page, cookie, asked, complaints };
}

/** What the browser complains of from here on, a policy that is broken included. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}
