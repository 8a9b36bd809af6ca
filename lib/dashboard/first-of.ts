// Above this it is quicker to sort all.
const MOST = 1_000;

/**
 * The first so many of a list in an order, as if all were sorted: of ten thousand a page needs fifty.
 *
 * @param list is left as it is
 */
export function firstOf<T>(
  list: readonly T[],
  count: number,
  compare: (one: T, other: T) => number,
): T[] {
  if (count > MOST || count >= list.length) return list.toSorted(compare).slice(0, count);
  const first: T[] = [];
  for (const one of list) {
    const last = first.at(-1);
    if (first.length === count && last !== undefined && compare(one, last) >= 0) continue;
    first.splice(placeOf(one, first, compare), 0, one);
    if (first.length > count) first.pop();
  }
  return first;
}

// Behind its equals, as a stable sort would have it.
function placeOf<T>(one: T, sorted: readonly T[], compare: (one: T, other: T) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(one, sorted[middle] as T) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
