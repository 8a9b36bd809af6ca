import { baseUrl } from "./page.js";

/** @throws TypeError for what is no URL here */
export function absolute(url: string | URL): string {
  const base = baseUrl();
  try {
    return new URL(url, base).href;
  } catch {
    const expected = base === undefined ? "an absolute URL: there is no page here" : "a URL";
    throw new TypeError(`connect() was given ${String(url)}. Expected ${expected}.`);
  }
}
