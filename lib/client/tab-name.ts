/**
 * The secret name of one of several tabs that share a connection. The tab sends its name in requests. The stream, which
 * all tabs read, contains only a hash of the name, so another reader of the stream cannot use the name.
 */
export class TabName {
  /** The name: `tab.` and random digits. */
  readonly text = `tab.${crypto.getRandomValues(new Uint32Array(4)).join("")}`;
  /** The hash, with which an event that is not for this tab is marked; `undefined` until it is computed. */
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
