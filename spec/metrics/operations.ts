import { join } from "node:path";
import { parse } from "yaml";
import { textOf } from "../support/guides.js";

const FOLDER = "lib/metrics";

/** A file of lib/metrics, for programs that read it. */
export function fileOf(name: string): string {
  return join(__dirname, "../..", FOLDER, name);
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

/** A panel that shows something. */
export interface Shown extends Panel {
  readonly targets: readonly Target[];
  readonly description: string;
  readonly datasource: object;
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
  readonly options: { readonly yAxis?: { readonly unit: string } };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: {
    readonly list: ReadonlyArray<{
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
    }>;
  };
  readonly panels: readonly Panel[];
}

/** The dashboard for Grafana. */
export function dashboard(): Dashboard {
  return JSON.parse(textOf(`${FOLDER}/grafana.json`)) as Dashboard;
}

/** The panels that show something. */
export function panels(): Shown[] {
  return dashboard().panels.filter((panel): panel is Shown => panel.type !== "row");
}

/** A query as Grafana sends it, with every job and node chosen. */
export function asSent(expr: string, rateInterval: string): string {
  return expr
    .replaceAll("$__rate_interval", rateInterval)
    .replaceAll("$job", ".*")
    .replaceAll("$instance", ".*");
}

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RuleFile {
  readonly groups: ReadonlyArray<{ readonly name: string; readonly rules: readonly Alert[] }>;
}

/** The file of the alert rules. */
export function ruleFile(): RuleFile {
  return parse(textOf(`${FOLDER}/alerts.yml`)) as RuleFile;
}

/** All alerts. */
export function alerts(): Alert[] {
  return ruleFile().groups.flatMap(({ rules }) => rules);
}

export interface RuleTest {
  readonly name: string;
  readonly promql_expr_test: ReadonlyArray<{
    readonly expr: string;
    readonly exp_samples: ReadonlyArray<{ readonly labels: string }>;
  }>;
}

/** The tests of the alerts. */
export function ruleTests(): RuleTest[] {
  return (parse(textOf(`${FOLDER}/alerts.test.yml`)) as { tests: RuleTest[] }).tests;
}
