/** Resolves when both promises have resolved; `null` stands for nothing to wait for. */
export function both(
  one: Promise<unknown> | null,
  other: Promise<unknown> | null,
): Promise<unknown> | null {
  if (one === null || other === null) return one ?? other;
  return Promise.all([one, other]);
}
