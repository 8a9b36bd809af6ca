import fc from "fast-check";
import { firstOf } from "../../lib/dashboard/first-of.js";

interface Item {
  readonly rank: number;
  readonly at: number;
}

const byRank = (one: Item, other: Item) => one.rank - other.rank;

describe("firstOf", () => {
  it("gives what sorting all would give, equal ones in the order they had", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9)), fc.nat(40), (ranks, count) => {
        const items = ranks.map((rank, at) => ({ rank, at }));
        expect(firstOf(items, count, byRank)).toEqual(items.toSorted(byRank).slice(0, count));
      }),
    );
  });

  it("sorts all where many are wanted", () => {
    const items = Array.from({ length: 3_000 }, (_, at) => ({ rank: (at * 7) % 13, at }));
    expect(firstOf(items, 2_000, byRank)).toEqual(items.toSorted(byRank).slice(0, 2_000));
  });
});
