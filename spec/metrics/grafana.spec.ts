import { exportedByHub, metricsIn, strangersIn } from "./exported.js";
import { asSent, dashboard, panels } from "./operations.js";

describe("the dashboard for Grafana", () => {
  it("asks only for metrics, labels and values that a hub exports", async () => {
    const exported = await exportedByHub();
    const strange = panels().flatMap(({ title, targets }) =>
      targets
        .flatMap(({ expr }) => strangersIn(asSent(expr, "1m"), exported))
        .map((name) => `${title}: ${name}`),
    );
    expect(strange).toEqual([]);
  });

  it("shows every metric that there is", async () => {
    const exported = await exportedByHub();
    const shown = new Set(
      panels().flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))),
    );
    // Of a histogram, the buckets hold what count and sum do.
    const missing = [...exported.keys()].filter(
      (name) => !shown.has(name) && !/_seconds_(?:count|sum)$/.test(name),
    );
    expect(missing).toEqual([]);
  });

  it("takes its data source, job and nodes from what the reader chooses", () => {
    expect(
      dashboard().templating.list.map(({ name, type, definition }) => [name, type, definition]),
    ).toEqual([
      ["datasource", "datasource", undefined],
      ["job", "query", "label_values(sse_connections, job)"],
      ["instance", "query", 'label_values(sse_connections{job=~"$job"}, instance)'],
    ]);
    for (const { title, datasource, targets } of panels()) {
      expect([title, datasource]).toEqual([title, { type: "prometheus", uid: "${datasource}" }]);
      for (const { expr } of targets) {
        const selectors = expr.match(/\bsse_\w+(?:\{[^}]*\})?/g) ?? [];
        expect(
          selectors.filter((one) => !one.includes('{job=~"$job", instance=~"$instance"')),
        ).toEqual([]);
      }
    }
  });

  it("says in each panel what it shows, in which unit, and names each line by labels that it has", () => {
    for (const { title, description, fieldConfig, options, targets } of panels()) {
      const unit = fieldConfig.defaults.unit ?? options.yAxis?.unit;
      expect([title, description, unit]).toEqual([
        title,
        expect.stringMatching(/^[A-Z0-9].{15,}\.$/),
        expect.stringMatching(/^(?:short|cps|s|bytes)$/),
      ]);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { expr, legendFormat } of targets) {
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
        const grouped = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(", ") ?? [];
        expect(grouped).toEqual(expect.arrayContaining(named));
      }
    }
  });

  it("has panels that fill its rows and lie beside each other", () => {
    const taken = new Map<string, number>();
    const all = dashboard().panels;
    for (const { id, gridPos } of all) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          expect(taken.get(`${x} ${y}`)).toBeUndefined();
          taken.set(`${x} ${y}`, id);
        }
      }
    }
    const height = Math.max(...all.map(({ gridPos }) => gridPos.y + gridPos.h));
    expect([taken.size, new Set(all.map(({ id }) => id)).size]).toEqual([24 * height, all.length]);
  });
});
