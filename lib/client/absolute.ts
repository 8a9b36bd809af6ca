import { baseUrl } from "./page.js";

/** Makes a URL absolute. @throws TypeError if it is not a URL, or is relative and there is no page */
export function absolute(url: string | URL): string {
  const base = baseUrl();
  try {
    return new URL(url, base).href;
  } catch {
    const expected = base === undefined ? "an absolute URL, without a page" : "a URL";
    throw new TypeError(`connect() was given ${String(url)}. Expected ${expected}.`);
  }
}
