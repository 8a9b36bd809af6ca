/**
 * The name of one of several tabs that share a connection. The tab says it with what it asks for; in the stream,
 * which all tabs hear, there is only its hash: nobody who reads it can speak in the name of the tab.
 */
export class TabName {
  /** What the server is told: `tab.` and random digits. */
  readonly text = `tab.${crypto.getRandomValues(new Uint32Array(4)).join("")}`;
  /** What an event that is not for this tab is marked with; `undefined` for the first moment. */
  mark: string | undefined;
  /** Resolves when the mark is known. */
  readonly ready: Promise<void>;

  constructor() {
    const hashing = crypto.subtle.digest("SHA-256", new TextEncoder().encode(this.text));
    this.ready = hashing.then((hash) => {
      this.mark = new Uint8Array(hash).join("");
    });
  }
}
