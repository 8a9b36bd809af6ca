import { KINDS } from "./logins/kinds.js";
import { runTrialsOf, TRIALS_OF_ONE } from "./logins/trial-process.js";

const MINUTES = 10 * 60_000;

describe(`${TRIALS_OF_ONE} times what is sent after a change is not told to who it was before, with`, () => {
  it.each(Object.entries(KINDS))(
    "%s: %j",
    async (login, kinds) => {
      const nothing = Object.fromEntries(kinds.map((kind) => [kind, []]));

      expect(await runTrialsOf(login)).toEqual(nothing);
    },
    MINUTES,
  );
});
