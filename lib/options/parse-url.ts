/**
 * Parses a URL; `undefined` for text that is not a URL. It does not use `URL.canParse()`, because on Node 20 that
 * returns `false` for a host that is not ASCII once V8 has optimized the call.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
