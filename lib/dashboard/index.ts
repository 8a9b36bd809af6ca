export { dashboard } from "./dashboard.js";
export type { Allow, AllowFunction, DashboardOptions } from "./dashboard-options.js";
