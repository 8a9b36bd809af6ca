import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fencesIn, sectionOf, tableIn, type Row } from "./markdown.js";

const ROOT = join(__dirname, "../..");

/** Every guide of the repository. The front door leads to all of them. */
export const GUIDES = [
  "README.md",
  "demo/recipes/README.md",
  "lib/README.md",
  "lib/admission/README.md",
  "lib/audience/README.md",
  "lib/client/README.md",
  "lib/cluster/README.md",
  "lib/connection/README.md",
  "lib/dashboard/README.md",
  "lib/delivery/README.md",
  "lib/errors/README.md",
  "lib/express/README.md",
  "lib/hub/README.md",
  "lib/log/README.md",
  "lib/metrics/README.md",
  "lib/postgres/README.md",
  "lib/publish/README.md",
  "lib/react/README.md",
  "lib/redis/README.md",
  "lib/run/README.md",
  "lib/session/README.md",
  "lib/testing/README.md",
  "spec/README.md",
  "spec/bench/README.md",
] as const;

export type Guide = (typeof GUIDES)[number];

/** Where a sample is: the first of its language in a guide, or in a section of it. */
interface Place {
  readonly guide: Guide;
  readonly language: string;
  readonly section?: string;
}

/** The samples that specs run one by one. Those in TypeScript are compiled and run together. */
export const SAMPLES = {
  "first server": { guide: "README.md", language: "js" },
  "first page": { guide: "README.md", language: "html" },
  EventSource: { guide: "README.md", language: "js", section: "Send and receive" },
  client: { guide: "lib/client/README.md", language: "html" },
  "own request": {
    guide: "lib/client/README.md",
    language: "js",
    section: "Requests of your own",
  },
  loops: { guide: "lib/client/README.md", language: "js", section: "Loops" },
  "fetch-event-source": {
    guide: "lib/client/README.md",
    language: "js",
    section: "fetch-event-source",
  },
  "sse.js": { guide: "lib/client/README.md", language: "js", section: "sse.js" },
  "login redirect": {
    guide: "lib/client/README.md",
    language: "js",
    section: "Login redirects",
  },
  login: { guide: "lib/session/README.md", language: "js", section: "After login" },
  "own log": { guide: "lib/log/README.md", language: "js", section: "A log of your own" },
  metrics: { guide: "lib/metrics/README.md", language: "js" },
  Prometheus: { guide: "lib/metrics/README.md", language: "yaml" },
  React: { guide: "lib/react/README.md", language: "jsx" },
  "React loads again": {
    guide: "lib/react/README.md",
    language: "jsx",
    section: "Load the state again",
  },
  "React run": { guide: "lib/react/README.md", language: "jsx", section: "A run" },
  "client run": { guide: "lib/client/README.md", language: "js", section: "Follow a run" },
  "jsdom in jest": {
    guide: "lib/react/README.md",
    language: "js",
    section: "Tests of your components",
  },
  "rights in Redis": { guide: "lib/redis/README.md", language: "text" },
  "rights in PostgreSQL": { guide: "lib/postgres/README.md", language: "sql" },
  "events in PostgreSQL": { guide: "lib/postgres/README.md", language: "js" },
  "several nodes": { guide: "lib/redis/README.md", language: "js" },
  test: { guide: "lib/testing/README.md", language: "js" },
  "benchmarked server": { guide: "spec/bench/README.md", language: "js" },
} as const satisfies Readonly<Record<string, Place>>;

export type SampleName = keyof typeof SAMPLES;

/** The text of a file of the repository. */
export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** A sample, as somebody would paste it. */
export function sample(name: SampleName): string {
  const { guide, language, section }: Place = SAMPLES[name];
  const text = section === undefined ? textOf(guide) : sectionOf(textOf(guide), section);
  const found = fencesIn(text).find((fence) => fence.language === language);
  if (found === undefined) throw new Error(`${guide} has no sample in ${language} there.`);
  return found.text;
}

/** The samples of a language in all guides, in their order. */
export function samples(language: string): string[] {
  return GUIDES.flatMap((guide) => fencesIn(textOf(guide)))
    .filter((fence) => fence.language === language)
    .map(({ text }) => text);
}

/** The first table of a section, a record for each row. */
export function tableUnder(guide: Guide, section: string): Row[] {
  return tableIn(sectionOf(textOf(guide), section));
}
