/**
 * Parses a URL; `undefined` for text that is none. Not `URL.canParse()`: Node 20 answers `false` for a host that is
 * not ASCII as soon as the call has been compiled.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
