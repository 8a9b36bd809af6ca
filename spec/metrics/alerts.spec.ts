import { describeWith } from "../support/describe-with.js";
import { sample, tableUnder, textOf } from "../support/guides.js";
import { sampleFolder } from "../support/sample-server.js";
import { run } from "../package/run.js";
import { exportedByHub, strangersIn } from "./exported.js";
import { alerts, fileOf, ruleTests } from "./operations.js";

// Of Debian's package prometheus.
const PROMTOOL = "/usr/bin/promtool";

describe("the alerts", () => {
  it("ask only for metrics, labels and values that a hub exports", async () => {
    const exported = await exportedByHub();
    const strange = alerts().flatMap(({ alert, expr }) =>
      strangersIn(expr, exported).map((name) => `${alert}: ${name}`),
    );
    expect(strange).toEqual([]);
  });

  it("would not pass with a metric, a label or a value that is called otherwise", async () => {
    const exported = await exportedByHub();
    const strange = [
      "sse_connection > 1",
      "nodejs_eventloop_lag_seconds > 1",
      'rate(sse_returns_total{reason="trimmed"}[5m])',
      'rate(sse_returns_total{verdict=~"trimmed|lost"}[5m])',
      "sum by (session) (sse_connections)",
    ].map((expr) => strangersIn(expr, exported));
    expect(strange).toEqual([
      ["sse_connection"],
      ["nodejs_eventloop_lag_seconds"],
      ["sse_returns_total{reason}"],
      ['sse_returns_total{verdict="lost"}'],
      ["session"],
    ]);
  });

  it("wait before they fire, say how bad it is, what happens and what to do", () => {
    for (const { alert, for: wait, labels, annotations } of alerts()) {
      expect([alert, wait, labels.severity, annotations]).toEqual([
        expect.stringMatching(/^Sse[A-Z]\w+$/),
        expect.stringMatching(/^\d+[mh]$/),
        expect.stringMatching(/^(?:critical|warning)$/),
        {
          summary: expect.stringMatching(/\{\{ \$labels\.instance \}\}/) as string,
          description: expect.stringMatching(/^[A-Z0-9{].{80,}\.$/) as string,
        },
      ]);
    }
  });

  it("are those of the guide, with their severity", () => {
    const rows = tableUnder("lib/metrics/README.md", "Alerts").map(({ alert, severity }) => [
      alert,
      severity,
    ]);
    expect(rows).toEqual(alerts().map(({ alert, labels }) => [`\`${alert}\``, labels.severity]));
  });

  it("have each a test in which it fires, and one in which it does not", () => {
    expect(ruleTests().map(({ name }) => name)).toEqual(alerts().map(({ alert }) => alert));
    for (const { name, promql_expr_test: looks } of ruleTests()) {
      const expr = `ALERTS{alertname="${name}", alertstate="firing"}`;
      expect(looks.map((look) => [look.expr, look.exp_samples.length])).toEqual([
        [expr, 0],
        [expr, 1],
      ]);
    }
  });
});

describeWith([PROMTOOL], "promtool", () => {
  it("takes the rules", async () => {
    const said = await run(PROMTOOL, ["check", "rules", fileOf("alerts.yml")], fileOf("."));
    expect(said).toContain(`SUCCESS: ${alerts().length} rules found`);
  });

  it("takes the guide's configuration beside a copy of the rules", async () => {
    const folder = await sampleFolder({
      "prometheus.yml": sample("Prometheus"),
      "alerts.yml": textOf("lib/metrics/alerts.yml"),
    });
    const said = await run(PROMTOOL, ["check", "config", "prometheus.yml"], folder);
    expect(said).toMatch(/1 rule files found\n.*SUCCESS: prometheus.yml is valid/s);
    expect(said).toContain(`SUCCESS: ${alerts().length} rules found`);
  });

  it("sees each alert fire on the node that is ill, and on no other", async () => {
    const said = await run(PROMTOOL, ["test", "rules", fileOf("alerts.test.yml")], fileOf("."));
    expect(said).toContain("SUCCESS");
  });
});
