import { readFileSync } from "node:fs";
import { join } from "node:path";

const README = readFileSync(join(__dirname, "../../README.md"), "utf8");

/** The first sample of a language in the README, as somebody would paste it. */
export function sample(language: string, heading?: string): string {
  const part = heading === undefined ? README : partUnder(heading);
  const found = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(part)?.[1];
  if (found === undefined) throw new Error(`The README has no sample in ${language} there.`);
  return found;
}

/** All samples of a language, in their order. */
export function samples(language: string): string[] {
  const fences = README.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"));
  return [...fences].map(([, text]) => text as string);
}

/** What is under a heading, up to the next of the same or a higher rank. */
function partUnder(heading: string): string {
  const [marks = ""] = heading.split(" ", 1);
  const part = README.split(`\n${heading}\n`)[1];
  if (part === undefined) throw new Error(`The README has no ${heading}.`);
  return part.split(new RegExp(`\n#{1,${marks.length}} `), 1).join();
}
