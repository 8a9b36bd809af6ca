import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestEnd } from "../support/disposers.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import type { RuleFile } from "./operations.js";

/** Where Debian's package puts it. */
export const PROMETHEUS = "/usr/bin/prometheus";

const INTERVAL = "250ms";
// A scrape that takes longer fails, and the node is gone until the next one.
const SCRAPE = "1s";

/** A sample of the newest value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
  /** The time that was asked about. */
  readonly at: number;
}

/** An alert that waits or fires. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

/** A Prometheus of a spec's own, on a free port, that looks every second. It ends with the test. */
export class Prometheus {
  readonly #url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "prometheus-spec-"));
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();

  private constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}`;
  }

  /** @param targets hosts with ports, whose `/metrics` are scraped as the job `shop` */
  static async start(targets: readonly string[], rules: RuleFile): Promise<Prometheus> {
    const port = await freePort();
    const prometheus = new Prometheus(port);
    onTestEnd(() => prometheus.#remove());
    await prometheus.#run(port, targets, rules);
    return prometheus;
  }

  /** The answer to a query, now or at another time. */
  async query(expr: string, at?: number): Promise<Sample[]> {
    const time = at === undefined ? {} : { time: String(at) };
    const { result } = await this.#ask<{
      result: Array<{ metric: Record<string, string>; value: [number, string] }>;
    }>(`query?${new URLSearchParams({ query: expr, ...time }).toString()}`);
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]), at: value[0] }));
  }

  /** The alerts that wait or fire now. */
  async alerts(): Promise<ActiveAlert[]> {
    return (await this.#ask<{ alerts: ActiveAlert[] }>("alerts")).alerts;
  }

  // JSON is YAML, too.
  async #run(port: number, targets: readonly string[], rules: RuleFile): Promise<void> {
    const path = (name: string) => join(this.#folder, name);
    writeFileSync(path("rules.yml"), JSON.stringify(rules));
    writeFileSync(
      path("prometheus.yml"),
      JSON.stringify({
        global: {
          scrape_interval: SCRAPE,
          scrape_timeout: SCRAPE,
          evaluation_interval: INTERVAL,
        },
        rule_files: [path("rules.yml")],
        scrape_configs: [{ job_name: "shop", static_configs: [{ targets }] }],
      }),
    );
    const flags = [
      `--config.file=${path("prometheus.yml")}`,
      `--storage.tsdb.path=${path("data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ];
    const child = spawn(PROMETHEUS, flags, { stdio: ["ignore", "ignore", "inherit"] });
    this.#child = child;
    this.#exit = once(child, "exit");
    await eventually(
      () =>
        fetch(`${this.#url}/-/ready`).then(
          ({ ok }) => ok,
          () => child.exitCode !== null,
        ),
      (isOver) => isOver,
    );
    if (child.exitCode !== null) throw new Error("Prometheus does not start.");
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`);
    const { data, error } = (await answer.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(error);
    return data;
  }

  async #remove(): Promise<void> {
    const child = this.#child;
    child?.kill("SIGKILL");
    await this.#exit;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
