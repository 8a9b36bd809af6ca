// What it costs that somebody looks at the dashboard, and that nobody does.
import { setTimeout as sleep } from "node:timers/promises";
import { DashboardPage } from "../harness/dashboard-page.mjs";

const VIEWS = ["flow", "audience", "online", "log"];

export const looking = {
  name: "looking",
  title: "one page of the dashboard, at 10 000 connections of 10 000 users, nothing else going on",
  metrics: [["share", "% of a core", 2]],
  takes: ({ name }) => name === "express-sse-hub",
  // It takes a minute a case, so it is left out of a quick run.
  cases: ({ peers, isQuick }) =>
    (isQuick ? [] : peers).flatMap((peer) => [
      { peer, label: "without a dashboard", dashboard: "none" },
      { peer, label: "nobody looks" },
      ...VIEWS.map((view) => ({ peer, view, label: `looks at ${view}` })),
    ]),
  async run({ start, limit, view, dashboard = "mounted" }) {
    const connections = limit(10_000);
    const stage = await start({ hasSessions: true, dashboard });
    await stage.tell("sessions", { count: connections });
    await stage.open(connections, { sessions: (index) => index });
    await stage.settle();
    const page = view === undefined ? null : await DashboardPage.open(stage.url, view);
    // The code of the page is to be warm, and V8 is to have collected what the opening of the connections has left.
    await sleep(30_000);
    const { cpu, seconds } = await stage.measure(() => sleep(20_000));
    page?.close();
    return { share: (cpu / seconds) * 100 };
  },
  goals: [
    {
      says: "nobody looks: no cost",
      limit: 0.1,
      unit: "% of a core",
      of: (metric) => metric("nobody looks", "share") - metric("without a dashboard", "share"),
    },
    ...VIEWS.map((view) => ({
      says: `one looks at ${view}: ≤ 1 % of a core`,
      limit: 1,
      unit: "% of a core",
      of: (metric) => metric(`looks at ${view}`, "share") - metric("nobody looks", "share"),
    })),
  ],
};
