/**
 * Resolves when both promises have resolved; `null` stands for nothing to wait for. The caller may leave the result alone,
 * as far as it may leave each promise alone.
 */
export function both(
  one: Promise<unknown> | null,
  other: Promise<unknown> | null,
): Promise<unknown> | null {
  if (one === null || other === null) return one ?? other;
  const all = Promise.all([one, other]);
  all.catch(() => undefined);
  return all;
}
