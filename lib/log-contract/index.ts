export { LOG_CONTRACT } from "./log-contract.js";
export type { CreateLog, LogPromise } from "./log-promise.js";
export { SHARED_LOG_CONTRACT } from "./shared-log-contract.js";
