const MAX_COUNT = 512;
const PAGE_BYTES = 1_048_576;

/** How many entries make a page of about 1 MiB: what the next one will hold is taken to be like the last. */
export class PageSize {
  #count = 64;

  get count(): number {
    return this.#count;
  }

  /** A page has come, so large. */
  adapt(entries: number, bytes: number): void {
    if (entries === 0) return;
    const fitting = Math.floor(PAGE_BYTES / Math.max(1, bytes / entries));
    this.#count = Math.max(1, Math.min(MAX_COUNT, fitting));
  }
}
