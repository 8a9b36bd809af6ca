/** Resolves when both have; `null` is done already. */
export function both(
  one: Promise<unknown> | null,
  other: Promise<unknown> | null,
): Promise<unknown> | null {
  if (one === null || other === null) return one ?? other;
  return Promise.all([one, other]);
}
