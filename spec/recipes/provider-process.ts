import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { takesConnections } from "../support/takes-connections.js";

// From the top folder, where specs and programs are started.
const FILE = "spec/recipes/identity-provider.mjs";

/** An identity provider as a process of its own. It is there when the application first needs it. */
export class IdentityProvider {
  port = 0;
  #child: ChildProcess | undefined;

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  async start(application: string): Promise<void> {
    const args = [FILE, String(this.port), application];
    this.#child = spawn(process.execPath, args, { stdio: "ignore" });
    while (!(await takesConnections(this.port))) {
      if (this.#child.exitCode !== null) throw new Error("The identity provider does not start.");
      await wait(20);
    }
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
  }
}
