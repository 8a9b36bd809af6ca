/** A number without a fraction, with its thousands set apart. */
export const whole = (value) => Math.round(value).toLocaleString("en");

/** A number of which small ones show a fraction; `–` for none. */
export function fine(value) {
  if (value === null) return "–";
  if (value === 0 || value >= 100) return whole(value);
  return value.toFixed(value < 10 ? 2 : 1);
}

/** A number in few characters, for the axis of a chart. */
export function short(value) {
  if (value >= 1_000_000) return `${trimmed(value / 1_000_000)}M`;
  if (value >= 1_000) return `${trimmed(value / 1_000)}k`;
  return trimmed(value);
}

/** Bytes in the unit that reads best. */
export function sizeOf(bytes) {
  if (bytes < 1_024) return `${bytes} B`;
  const kib = bytes / 1_024;
  return kib < 1_024 ? `${kib.toFixed(kib < 10 ? 1 : 0)} KiB` : `${(kib / 1_024).toFixed(1)} MiB`;
}

/** The time of day, with the date where that is another. */
export function timeOf(at) {
  const date = new Date(at);
  const time = date.toLocaleTimeString("en", { hourCycle: "h23" });
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString("en", { day: "numeric", month: "short" })}, ${time}`;
}

function trimmed(value) {
  return String(Number(value.toPrecision(3)));
}
