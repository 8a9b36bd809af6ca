/** What a report comes to: medians of each case, and what became of each goal. */
export function summarize(report, scenarios) {
  const measured = new Set(report.runs.map(({ scenario }) => scenario));
  const present = scenarios.filter(({ name }) => measured.has(name));
  return { ...report, scenarios: present.map((scenario) => summarizeScenario(report, scenario)) };
}

function summarizeScenario({ runs }, { name, title, metrics, goals, isDrawnWhole }) {
  const ours = runs.filter(({ scenario }) => scenario === name);
  const labels = [...new Set(ours.map((run) => run.case))];
  return {
    name,
    title,
    metrics,
    isDrawnWhole,
    rows: labels.map((label) => rowOf(label, ours, metrics)),
    goals: goals.map((goal) => judge(goal, ours)),
  };
}

function rowOf(label, runs, metrics) {
  const own = runs.filter((run) => run.case === label);
  const values = metrics.map(([key]) => [key, median(own.map((run) => run.metrics[key]))]);
  const trouble = [...new Set(own.map((run) => run.trouble).filter(Boolean))].join("; ");
  return { label, values: Object.fromEntries(values), trouble };
}

// Within one repeat, where both sides met the same machine; then the median of these.
function judge({ says, limit, of, unit = "×" }, runs) {
  const repeats = [...new Set(runs.map(({ repeat }) => repeat))];
  const measured = median(
    repeats.map((repeat) => {
      const at = (label, key) => {
        const run = runs.find((one) => one.repeat === repeat && one.case === label);
        return run?.trouble ? undefined : run?.metrics[key];
      };
      return of(at);
    }),
  );
  const verdict = measured === undefined ? "not measured" : measured <= limit ? "met" : "missed";
  return { says, limit, unit, measured, verdict };
}

function median(values) {
  const known = values.filter(Number.isFinite).sort((one, other) => one - other);
  const middle = Math.floor(known.length / 2);
  return known.length % 2 === 1 ? known[middle] : mean(known.slice(middle - 1, middle + 1));
}

function mean(values) {
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}
