import { posix } from "node:path";

/** A code block. */
export interface Fence {
  readonly language: string;
  readonly text: string;
}

/** A row of a table: the cell of each column. */
export type Row = Record<string, string>;

/** What a link leads to. */
export interface Target {
  /** From the top of the repository. */
  readonly file: string;
  /** The heading, as in a URL; empty for none. */
  readonly anchor: string;
}

const HEADING = /^#+ /;
const FENCE = /^```(\w*)\n(.*?)^```$/gms;

/** The code blocks of a text, in their order. */
export function fencesIn(text: string): Fence[] {
  return [...text.matchAll(FENCE)].map(([, language = "", content = ""]) => ({
    language,
    text: content,
  }));
}

/** What is under a heading, up to the next of the same or a higher rank. */
export function sectionOf(text: string, title: string): string {
  return sectionAt(text, anchorOf(title));
}

/** The same for the anchor of a heading. */
export function sectionAt(text: string, anchor: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => HEADING.test(line) && anchorOf(line) === anchor);
  if (start === -1) throw new Error(`There is no heading #${anchor}.`);
  const [marks = ""] = (lines[start] ?? "").split(" ", 1);
  const next = new RegExp(`^#{1,${marks.length}} `);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => next.test(line));
  return rest.slice(0, end === -1 ? undefined : end).join("\n");
}

/** The first table of a text. */
export function tableIn(text: string): Row[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  if (start === -1) return [];
  const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  const [names = [], , ...rows] = lines.slice(start, end === -1 ? undefined : end).map(cellsOf);
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? ""])));
}

/** The anchors of a text's headings, as GitHub and npm make them. */
export function anchorsIn(text: string): string[] {
  const lines = text.replaceAll(FENCE, "").split("\n");
  return lines.filter((line) => HEADING.test(line)).map(anchorOf);
}

/** The links and images of a document that stay in the repository. Code blocks and code have none. */
export function linksIn(file: string, text: string): Target[] {
  const prose = text.replaceAll(FENCE, "").replaceAll(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g)]
    .map(([, link, image = ""]) => link ?? image)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = "", anchor = ""] = link.split("#", 2);
      return { file: path === "" ? file : posix.join(posix.dirname(file), path), anchor };
    });
}

function anchorOf(heading: string): string {
  return heading
    .replace(HEADING, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
    .replaceAll(" ", "-");
}

function cellsOf(line: string): string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim());
}
