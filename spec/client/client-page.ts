import { fileURLToPath, pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { ShopOptions } from "../support/shop.js";

/** The folder of the page. */
export const SITE = fileURLToPath(new URL("site", pathToFileURL(__filename)));

const PATIENCE_MS = 20_000;

// What a careful application allows: scripts and streams of its own, nothing inline.
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'";

/** Makes a shop serve the page, under a strict policy. */
export const WITH_PAGE: ShopOptions = {
  before: (app) => {
    app.use((_req, res, next) => {
      res.set("Content-Security-Policy", POLICY);
      next();
    });
  },
  sse: { static: SITE },
};

interface Evaluates {
  evaluate(script: string): Promise<unknown>;
}

/** A page with the client in it, in a real browser. */
export class ClientPage<P extends Evaluates = Page> {
  readonly page: P;

  constructor(page: P) {
    this.page = page;
  }

  /** All the stream has told so far. */
  told(): Promise<string[]> {
    return this.page.evaluate("told") as Promise<string[]>;
  }

  /** What it told of events alone. */
  async messages(): Promise<string[]> {
    return (await this.told()).filter((line) => line.startsWith("message "));
  }

  /** Resolves when that line was told, so often. */
  async tells(line: string, times = 1): Promise<void> {
    await Promise.race([
      this.page.evaluate(`whenTold(${JSON.stringify(line)}, ${times})`),
      sleep(PATIENCE_MS, undefined, { ref: false }).then(async () => {
        throw new Error(`No ${line} in: ${(await this.told()).join(", ")}`);
      }),
    ]);
  }

  /** Runs this in the page. */
  run(script: string): Promise<unknown> {
    return this.page.evaluate(script);
  }
}
