export { hubMetrics } from "./hub-metrics.js";
export type { HubMetrics, HubMetricsOptions } from "./hub-metrics.js";
export type { AnyRegistry, Labels } from "./metric-set.js";
