import { join } from "node:path";
import { Stage } from "./stage.mjs";

/** Runs scenarios: each case in turn, and that as often as asked, so that repeats are interleaved. */
export class Measurement {
  #options;
  #done = 0;
  #total = 0;

  /**
   * @param options.entry that of the built package
   * @param options.profiles folder for the CPU profiles of the Node servers, or `null` for none
   */
  constructor(options) {
    this.#options = options;
  }

  /** Gives a record of each run. Trouble with one is told in its record, and the others go on. */
  async run(tell) {
    const { scenarios, peers, isQuick, repeats } = this.#options;
    const all = scenarios.map((scenario) => ({
      scenario,
      cases: scenario
        .cases({ peers: peers.filter(takenBy(scenario, isQuick)), isQuick })
        .map((one) => ({ label: one.peer?.name, ...one })),
    }));
    this.#total = repeats * all.reduce((sum, { cases }) => sum + cases.length, 0);
    const runs = [];
    for (const { scenario, cases } of all) {
      for (let repeat = 1; repeat <= repeats; repeat += 1) {
        // Not always the same after the same.
        const order = repeat % 2 === 1 ? cases : cases.toReversed();
        for (const one of order) runs.push(await this.#runCase(scenario, one, { repeat, tell }));
      }
    }
    return runs;
  }

  async #runCase(scenario, { label, ...one }, { repeat, tell }) {
    const began = performance.now();
    const run = { scenario: scenario.name, case: label, repeat };
    const result = await this.#measure(scenario, { label, ...one }).catch((error) => ({
      metrics: {},
      trouble: error.message,
    }));
    this.#done += 1;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const first = scenario.metrics[0];
    const value = result.metrics[first[0]];
    const said = result.trouble ?? `${value?.toFixed(first[2])} ${first[1]}`;
    tell(`[${this.#done}/${this.#total}] ${scenario.name} · ${label}: ${said} (${seconds} s)`);
    return { ...run, ...result };
  }

  async #measure(scenario, one) {
    const { machine, entry, isQuick, profiles } = this.#options;
    const profileFile =
      profiles === null ? undefined : join(profiles, `${scenario.name} ${one.label}.cpuprofile`);
    const stages = [];
    const endings = [];
    const onEnd = (ending) => endings.push(ending);
    const start = async (options) => {
      const stage = await Stage.start(machine, one.peer, { profileFile, ...options });
      stages.push(stage);
      return stage;
    };
    const limit = (count) => Math.min(count, Math.floor(machine.maxConnections / 100) * 100);
    try {
      const metrics = await scenario.run({
        ...one,
        start,
        isQuick,
        limit,
        machine,
        entry,
        onEnd,
      });
      const faults = stages.flatMap((stage) => stage.faults).join(", ");
      const shareOfOthers =
        stages.length === 0 ? null : Math.max(...stages.map((stage) => stage.shareOfOthers));
      return { metrics, trouble: faults === "" ? null : faults, shareOfOthers };
    } finally {
      for (const stage of stages) await stage.end();
      // What was started last may need what was started before.
      for (const ending of endings.toReversed()) await ending();
    }
  }
}

// Most scenarios are for who speaks Server-Sent Events.
function takenBy({ takes = ({ speaks }) => speaks === undefined, takesVariants }, isQuick) {
  return (peer) => takes(peer) && (!isQuick || !peer.isVariant || takesVariants === true);
}
