import { openTrialShop, runCredentialTrials, CREDENTIAL_TRIALS } from "./credential-trials.js";

const MINUTES = 5 * 60_000;

describe("300 times what is sent after a response is not told under the credential before it", () => {
  it.each(Object.keys(CREDENTIAL_TRIALS))(
    "%s",
    async (name) => {
      const shop = await openTrialShop();
      // Each that is behind has a few megabytes in the kernel, and in this process.
      const atOnce = name.startsWith("behind") ? 2 : 8;

      expect(await runCredentialTrials(name, [shop], { count: 300, atOnce })).toEqual([]);
    },
    MINUTES,
  );
});
