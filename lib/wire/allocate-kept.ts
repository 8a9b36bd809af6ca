const SLAB_BYTES = 65_536;
// What is larger gets memory of its own, so that little of a slab is left over.
const MAX_SHARED_BYTES = 4_096;

let slab = Buffer.alloc(0);
let used = 0;

/**
 * Memory for what is kept in a log. It is not taken from Node's own pool: what lives there for a moment only, such
 * as the frame of the same event, would stay as long as the entry beside it. That doubled the memory of a log.
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
