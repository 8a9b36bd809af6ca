const SLAB_BYTES = 65_536;
// A larger buffer gets memory of its own, so that little of a slab is wasted.
const MAX_SHARED_BYTES = 4_096;

let slab = Buffer.alloc(0);
let used = 0;

/**
 * Allocates memory for bytes that a log keeps. It does not use Node's own pool: short-lived buffers in that pool, such as
 * the frame of the same event, would stay in memory as long as the entry beside them. That doubled the memory of a log.
 */
export function allocateKept(size: number): Buffer {
  if (size > MAX_SHARED_BYTES) return Buffer.allocUnsafeSlow(size);
  if (used + size > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  used += size;
  return slab.subarray(used - size, used);
}
