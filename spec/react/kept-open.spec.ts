import { KeptOpen } from "../../lib/react/kept-open.js";

/** What a component gets that was unmounted while it had something in this state, and is mounted again. */
function mountedAgain(state: string): boolean {
  const kept = new KeptOpen();
  const make = () => ({ state, close: () => undefined });
  const one = kept.take("/a", make);
  one.release();
  const other = kept.take("/a", make);
  other.release();
  return other.shared === one.shared;
}

describe("a component that is mounted again", () => {
  it.each(["connecting", "open", "waiting", "done", "failed", "cancelled", "lost"])(
    "gets what it had, if that is %s",
    (state) => {
      expect(mountedAgain(state)).toBe(true);
    },
  );

  it.each(["closed", "unknown", "unauthorized", "forbidden"])(
    "asks again, if what it had is %s",
    (state) => {
      expect(mountedAgain(state)).toBe(false);
    },
  );
});
