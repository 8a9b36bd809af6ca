const WIDTH = 860;
const LABEL_WIDTH = 300;
const BAR_WIDTH = 420;
const BAR = 18;
const COLORS = { ours: "#1769aa", others: "#9aa7b0", met: "#2e7d32", missed: "#c62828" };

/** The summary as an SVG picture: a group of bars for each scenario, and its goals below. */
export function chart({ scenarios }) {
  const parts = [];
  let y = 10;
  for (const scenario of scenarios) {
    const drawn = group(scenario, y);
    parts.push(...drawn.parts);
    y = drawn.end + 24;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="#fff"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

function group({ title, metrics, isDrawnWhole = false, rows, goals }, top) {
  let y = top + 16;
  const parts = [text(10, y, title, { weight: "bold", size: 14 })];
  for (const metric of isDrawnWhole ? metrics : metrics.slice(0, 1)) {
    const drawn = bars(metric, { rows, areOurs: isDrawnWhole }, y);
    parts.push(...drawn.parts);
    y = drawn.end;
  }
  for (const { says, measured, unit, verdict } of goals) {
    const color = COLORS[verdict] ?? "#555";
    const number = measured === undefined ? "" : `: ${measured.toFixed(2)} ${unit}`;
    parts.push(text(LABEL_WIDTH + 8, (y += 18), `goal ${says}${number}, ${verdict}`, { color }));
  }
  return { parts, end: y };
}

function bars([key, heading, digits], { rows, areOurs }, top) {
  let y = top + 18;
  const parts = [text(10, y, heading, { color: "#555" })];
  const longest = Math.max(...rows.map(({ values }) => values[key] ?? 0));
  for (const { label, values, trouble } of rows) {
    y += BAR + 4;
    const value = values[key];
    const said = [value?.toFixed(digits), trouble].filter(Boolean).join(" ");
    const isOurs = areOurs || label.startsWith("express-sse-hub");
    const width = longest > 0 ? ((value ?? 0) / longest) * BAR_WIDTH : 0;
    parts.push(text(LABEL_WIDTH, y, label, { anchor: "end" }));
    parts.push(
      `<rect x="${LABEL_WIDTH + 8}" y="${y - 13}" width="${width.toFixed(1)}" height="${BAR}" fill="${isOurs ? COLORS.ours : COLORS.others}"/>`,
    );
    parts.push(text(LABEL_WIDTH + 14 + width, y, said));
  }
  return { parts, end: y };
}

function text(
  x,
  y,
  content,
  { anchor = "start", color = "#111", weight = "normal", size = 12 } = {},
) {
  const escaped = content.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="${color}" font-weight="${weight}" font-size="${size}">${escaped}</text>`;
}
