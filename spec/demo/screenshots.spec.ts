import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeWith } from "../support/describe-with.js";
import { onTestEnd } from "../support/disposers.js";
import { linksIn } from "../support/markdown.js";

const ROOT = join(__dirname, "../..");
const SCRIPT = join(ROOT, "demo/screenshots/take.ts");
const MAX_BYTES = 200_000;
// Chromium starts, and opens the page twice.
const TIMEOUT_MS = 120_000;

/** The width and the height of a WebP image, as its extended header tells. */
function sizeOf(image: Buffer): [number, number] {
  expect(image.toString("latin1", 8, 16)).toBe("WEBPVP8X");
  return [image.readUIntLE(24, 3) + 1, image.readUIntLE(27, 3) + 1];
}

describe("the screenshots of the README", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const images = linksIn("README.md", readme).filter(({ file }) => file.endsWith(".webp"));

  it("are there for both schemes, in one size, and small", () => {
    expect(images.map(({ file }) => file)).toEqual([
      "demo/screenshots/demo-dark.webp",
      "demo/screenshots/demo-light.webp",
    ]);
    const [dark, light] = images.map(({ file }) => readFileSync(join(ROOT, file)));

    expect(sizeOf(dark as Buffer)).toEqual(sizeOf(light as Buffer));
    for (const image of [dark, light]) expect(image?.length).toBeLessThan(MAX_BYTES);
  });
});

describeWith(["/usr/bin/chromium"], "npm run screenshots", () => {
  it.each(["demo", "dashboard"])(
    "takes those of the %s again",
    async (scene) => {
      const folder = mkdtempSync(join(tmpdir(), "screenshots-"));
      onTestEnd(() => {
        rmSync(folder, { recursive: true });
      });
      const args = ["--import", "tsx", SCRIPT, scene, folder];

      const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });

      expect(stderr).toBe("");
      const [width, height] = sizeOf(readFileSync(join(folder, `${scene}-light.webp`)));
      expect(width).toBe(1_920);
      expect(sizeOf(readFileSync(join(folder, `${scene}-dark.webp`)))).toEqual([width, height]);
    },
    TIMEOUT_MS,
  );
});
