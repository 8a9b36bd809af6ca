const { default: Sequencer } = require("@jest/test-sequencer");

// Each takes half a minute or more. Jest knows that only from an earlier run, which a fresh clone has not had. If one of
// these began last, all other workers would wait for it.
const LONGEST = [
  "model/nodes",
  "package/package",
  "runtimes/runtimes",
  "cluster/audience",
  "redis/failover",
  "session/login-trials",
  "cluster/login-trials",
  "dashboard/page",
  "postgres/faults",
  "session/leaks",
  "cli/cli",
  "session/stores",
  "demo/cluster",
  "demo/scenes",
  "model/nodes-postgres",
  "session/expiry",
  "frontends/react",
  "redis/clients",
  "session/credential-model",
];

/** Runs the longest specs first. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => LONGEST.findIndex((name) => path.endsWith(`/${name}.spec.ts`));
    const sorted = super.sort(tests);
    const longest = sorted.filter((test) => rank(test) !== -1);
    longest.sort((one, other) => rank(one) - rank(other));
    return [...longest, ...sorted.filter((test) => rank(test) === -1)];
  }
};
