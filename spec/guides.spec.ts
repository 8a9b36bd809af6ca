import { existsSync } from "node:fs";
import { join } from "node:path";
import { documents } from "./support/documents.js";
import { GUIDES, SAMPLES, sample, textOf, type SampleName } from "./support/guides.js";
import { anchorsIn, fencesIn, linksIn } from "./support/markdown.js";
import { finishSample, sampleFolder } from "./support/sample-server.js";

const ROOT = join(__dirname, "..");
const CODE = /`((?:\.ci|\.github|demo|lib|spec)\/[^`\s]*)`/g;

describe("the guides", () => {
  it("are those that the specs know", () => {
    expect(documents().filter((file) => file.endsWith("README.md"))).toEqual([...GUIDES]);
  });

  it("are all reached from the front door", () => {
    const reached = new Set<string>(["README.md"]);
    for (const file of reached) {
      if (!file.endsWith(".md")) continue;
      for (const target of linksIn(file, textOf(file))) reached.add(target.file);
    }
    expect(GUIDES.filter((guide) => !reached.has(guide))).toEqual([]);
  });

  it.each(GUIDES)("have no sample that no spec runs: %s", (guide) => {
    const run = Object.keys(SAMPLES).map((name) => sample(name as SampleName));
    const unknown = fencesIn(textOf(guide))
      // Commands for a shell, and samples in TypeScript, which are run together.
      .filter(({ language }) => !["sh", "text", "ts"].includes(language))
      .filter(({ text }) => !run.includes(text));
    expect(unknown).toEqual([]);
  });
});

describe("the front door", () => {
  const text = textOf("README.md");

  it("reaches something to run by its seventh line", () => {
    const lines = text.split("\n");
    expect(lines.findIndex((line) => line.startsWith("```"))).toBeLessThan(7);
  });

  it("is short", () => {
    expect(text.split("\n").length).toBeLessThanOrEqual(250);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
  });

  it("names the commands that run the demo and the specs", () => {
    expect(text).toContain("npm install && npm run demo");
    expect(text).toContain("npm install && npm test");
  });
});

describe("the documents", () => {
  it.each(documents())("lead to something with each link: %s", (file) => {
    const broken = linksIn(file, textOf(file)).filter((target) => {
      if (!existsSync(join(ROOT, target.file))) return true;
      return target.anchor !== "" && !anchorsIn(textOf(target.file)).includes(target.anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(documents())("speak of the browser and the user, and of nobody as he: %s", (file) => {
    const prose = textOf(file).replaceAll(/`[^`]*`/g, "");
    expect(prose.match(/\b(?:he|him|his|whom|whoever)\b/gi)).toBeNull();
  });

  it.each(documents())("name files that exist: %s", (file) => {
    const missing = [...textOf(file).matchAll(CODE)]
      .map(([, path = ""]) => path.replace(/[^/]*\*.*$/, ""))
      .filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });
});

describe("the sample of a server for the benchmarks", () => {
  it("runs as pasted", async () => {
    const folder = await sampleFolder({
      "mine.mjs": sample("benchmarked server"),
      "try.mjs": `
        import express from "express";
        import { name, start } from "./mine.mjs";
        const said = [];
        globalThis.mine = { add: (req) => said.push(req.path), send: (text) => said.push(text) };
        const { server, broadcast } = start({ app: express() });
        server.listen(0, async () => {
          const request = fetch("http://localhost:" + server.address().port + "/events");
          request.catch(() => undefined);
          while (said.length === 0) await new Promise(setImmediate);
          broadcast("hello");
          console.log(JSON.stringify([name, ...said]));
          process.exit();
        });`,
    });
    expect(JSON.parse(await finishSample(folder, "try.mjs"))).toEqual(["mine", "/events", "hello"]);
  }, 60_000);
});
