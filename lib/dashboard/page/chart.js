import UPlot from "uplot";
import { element } from "./dom.js";
import { short } from "./numbers.js";

const HEIGHT = 150;
const SECONDS = 300;
const MINUTES = [-300, -240, -180, -120, -60, 0];
const MINUTE_LABELS = ["5 min", "4", "3", "2", "1", "now"];
// Beside their colours, so that nobody needs to tell colours apart.
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
/** How many lines have a colour of their own. */
const COLORS = 6;

/** Which colour and which dashes a line has, by its place among the nodes. */
export function strokeOf(index) {
  const color = colorOf(`--line-${(index % COLORS) + 1}`);
  const dash = DASHES[(index + Math.floor(index / COLORS)) % DASHES.length];
  return { color, dash };
}

/** A number over the last five minutes, with its title and the number of now beside it. */
export class Chart {
  /** What is put into the page. */
  figure = element("figure", "", "card chart");
  #title;
  #format;
  #unit;
  #least;
  #now = element("strong", "–");
  #range = element("span", "", "quiet");
  #plotted = element("div", "", "plot");
  #plot = null;
  #key = "";
  #describedAt = 0;

  /** @param about `title`, `format` of a number, `unit`, and `least`: the top of the scale where all is smaller */
  constructor({ title, format, unit, least }) {
    this.#title = title;
    this.#format = format;
    this.#unit = unit;
    this.#least = least;
    const caption = element("figcaption");
    caption.append(element("span", title, "title"), this.#now, this.#range);
    this.#plotted.setAttribute("role", "img");
    this.figure.append(caption, this.#plotted);
    new ResizeObserver(() => this.#resize()).observe(this.#plotted);
  }

  /**
   * @param now the number to write out
   * @param ages seconds below zero
   * @param lines `name`, `values` and `index`; one without an index is drawn as the only one
   */
  show(now, ages, lines) {
    const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
    const [least, most] = [Math.min(...known), Math.max(...known)];
    const isEmpty = known.length === 0;
    const whose = lines.some(({ index }) => index !== undefined) ? " per node" : "";
    const range = isEmpty
      ? "nothing yet"
      : `${this.#format(least)} to ${this.#format(most)}${whose}`;
    const text = now === null ? "–" : `${this.#format(now)}${this.#unit}`;
    this.#now.textContent = text;
    this.#range.textContent = range;
    this.#describe(`${now === null ? "nothing" : text} now, ${range}`);
    const key = JSON.stringify(lines.map(({ name, index }) => [name, index]));
    if (this.#plot === null || key !== this.#key) this.#draw(lines);
    this.#key = key;
    this.#plot?.setData([ages, ...lines.map(({ values }) => values)]);
  }

  /** The next `show()` draws it anew, such as in other colours. */
  forget() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  // Now and then: whoever hears the page is not to hear it change all the time.
  #describe(text) {
    if (Date.now() - this.#describedAt < 5_000) return;
    this.#describedAt = Date.now();
    this.#plotted.setAttribute("aria-label", `${this.#title}, the last five minutes: ${text}`);
  }

  #resize() {
    const width = this.#plotted.clientWidth;
    if (width > 0) this.#plot?.setSize({ width, height: HEIGHT });
  }

  #draw(lines) {
    this.forget();
    const width = this.#plotted.clientWidth;
    if (width === 0) return;
    const axis = { stroke: colorOf("--quiet"), font: "12px system-ui, sans-serif" };
    const grid = { stroke: colorOf("--line"), width: 1 };
    const ticks = { show: false };
    const options = {
      width,
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: [-SECONDS, 0] },
        y: { range: (_plot, _least, most) => [0, Math.max(this.#least, (most ?? 0) * 1.1)] },
      },
      axes: [
        {
          ...axis,
          ticks,
          grid: { show: false },
          size: 30,
          gap: 8,
          splits: MINUTES,
          values: labels,
        },
        { ...axis, ticks, grid, size: 46, gap: 6, space: 36, values: shortened },
      ],
      series: [{}, ...lines.map(seriesOf)],
    };
    this.#plot = new UPlot({ ...options, axes: options.axes.map(fixed) }, undefined, this.#plotted);
  }
}

const labels = () => MINUTE_LABELS;
const shortened = (_plot, splits) => splits.map(short);

// What uPlot wants to be a function.
function fixed({ splits, ...axis }) {
  return splits === undefined ? axis : { ...axis, splits: () => splits };
}

function seriesOf({ name, index }) {
  const { color, dash } =
    index === undefined ? { color: colorOf("--accent"), dash: [] } : strokeOf(index);
  const fill = index === undefined ? colorOf("--tint") : undefined;
  return {
    label: name,
    stroke: color,
    dash,
    fill,
    width: 1.5,
    spanGaps: true,
    points: { show: false },
  };
}

function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
