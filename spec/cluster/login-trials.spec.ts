import { KINDS } from "../session/logins/kinds.js";
import { runTrialsOf, TRIALS_OF_SEVERAL } from "../session/logins/trial-process.js";
import { describeWithRedis } from "../support/redis.js";

const MINUTES = 10 * 60_000;

describeWithRedis(
  `${TRIALS_OF_SEVERAL} times, with each request on any of three nodes, with`,
  (urlOf) => {
    it.each(Object.entries(KINDS))(
      "%s, nothing is told to who it was before: %j",
      async (login, kinds) => {
        const nothing = Object.fromEntries(kinds.map((kind) => [kind, []]));

        expect(await runTrialsOf(login, { count: 3, redisUrl: urlOf() })).toEqual(nothing);
      },
      MINUTES,
    );
  },
);
