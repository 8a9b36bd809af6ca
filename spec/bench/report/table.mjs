/** The summary as Markdown. */
export function markdown(summary) {
  return [
    "# What express-sse-hub costs",
    aboutRun(summary),
    "## Goals",
    "Ratios between servers within one run; nothing here is an absolute truth about a machine.",
    table(["what", "goal", "measured", ""], summary.scenarios.flatMap(goalRows)),
    ...summary.scenarios.flatMap(scenarioParts),
  ].join("\n\n");
}

function aboutRun({ isQuick, machine, missing, runs }) {
  const commits = [...new Set(runs.map(({ commit }) => commit))].join(" and ");
  const repeats = Math.max(...runs.map(({ repeat }) => repeat));
  const others = Math.max(...runs.map(({ shareOfOthers }) => shareOfOthers ?? 0));
  const lines = [
    `${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}; ` +
      `commit ${commits}; ` +
      `${isQuick ? "a quick run, with fewer events and connections" : `medians of ${repeats} repeats`}.`,
    machine.isPinned
      ? "The server has a core of its own, the load another."
      : "Nothing was pinned (no taskset, or one core), so times move more.",
  ];
  if (machine.maxConnections < 10_000) {
    lines.push(`No more than ${machine.maxConnections} connections fit here (ulimit -n).`);
  }
  if (others > 0.1) {
    lines.push(`Other programs took up to ${Math.round(others * 100)} % of the server's core.`);
  }
  const absent = Object.entries(missing).map(([name, why]) => `Not run: ${name}: ${why}.`);
  return [...lines, ...absent].join("\n");
}

function goalRows({ title, goals }) {
  return goals.map(({ says, measured, unit, verdict }) => [
    title,
    says,
    measured === undefined
      ? ""
      : `${format(measured, unit === "×" || Math.abs(measured) < 100 ? 2 : 0)} ${unit}`,
    verdict === "missed" ? "**missed**" : verdict,
  ]);
}

function scenarioParts({ name, title, metrics, rows }) {
  const hasTrouble = rows.some(({ trouble }) => trouble !== "");
  const heads = ["", ...metrics.map(([, heading]) => heading), ...(hasTrouble ? ["trouble"] : [])];
  const cells = rows.map(({ label, values, trouble }) => [
    label,
    ...metrics.map(([key, , digits]) => format(values[key], digits)),
    ...(hasTrouble ? [trouble] : []),
  ]);
  return [`## ${name}: ${title}`, table(heads, cells)];
}

function format(value, digits) {
  return value === undefined ? "" : value.toFixed(digits);
}

// As prettier would have it.
function table(heads, rows) {
  const widths = heads.map((head, column) =>
    Math.max(3, ...[head, ...rows.map((row) => row[column])].map(({ length }) => length)),
  );
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}
