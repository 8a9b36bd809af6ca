import { existsSync } from "node:fs";
import { join } from "node:path";
import { PackedPackage } from "../package/packed-package.js";
import { describeInBrowser, type Windows } from "../support/browser.js";
import { describeWithInstalled } from "../support/describe-with.js";

const MODULES = join(__dirname, "node_modules");
const COMMAND = "npm --prefix spec/frontends install --no-save";
const PACK_MS = 120_000;

/** What front ends are built and tested with is there, or a line says how to install it. */
export function describeFrontEnds(name: string, specs: (frontEnds: FrontEnds) => void): void {
  const missing = existsSync(MODULES) ? [] : ["Vite and others"];
  describeWithInstalled({ missing, command: COMMAND }, name, () => {
    const frontEnds = new FrontEnds();
    beforeAll(() => frontEnds.packed.pack(), PACK_MS);
    afterAll(() => frontEnds.packed.remove());
    specs(frontEnds);
  });
}

/** The same, and with a real browser. */
export function describeFrontEndsInBrowser(
  name: string,
  specs: (frontEnds: FrontEnds, windows: Windows) => void,
  withoutArgs?: readonly string[],
): void {
  describeFrontEnds(name, (frontEnds) => {
    const inBrowser = (windows: Windows) => {
      specs(frontEnds, windows);
    };
    describeInBrowser("in Chromium", inBrowser, withoutArgs);
  });
}

/** Copies of front ends that have the packed package installed, as after `npm install`. */
export class FrontEnds {
  readonly packed = new PackedPackage();

  /** Gives the folder of the copy. */
  copyOf(folder: string): Promise<string> {
    return this.packed.installIntoCopyOf(folder, MODULES);
  }

  /** The program of a package, to be run by Node. */
  programOf(name: string, path: string): string {
    return join(MODULES, name, path);
  }
}
