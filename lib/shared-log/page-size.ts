const MAX_COUNT = 512;
const PAGE_BYTES = 1_048_576;

/** Estimates how many entries make a page of about 1 MiB, from the size of the last page. */
export class PageSize {
  #count = 64;

  get count(): number {
    return this.#count;
  }

  /** A page was read that had this size. */
  adapt(entries: number, bytes: number): void {
    if (entries === 0) return;
    const fitting = Math.floor(PAGE_BYTES / Math.max(1, bytes / entries));
    this.#count = Math.max(1, Math.min(MAX_COUNT, fitting));
  }
}
