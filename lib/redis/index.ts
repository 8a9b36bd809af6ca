export { redisLog } from "./redis-log.js";
export type { RedisLogOptions } from "./redis-log-options.js";
export type { RedisClient } from "./client/redis-client.js";
export type { Publisher } from "../publish/publisher.js";
export { publisher, type PublisherOptions } from "./publisher.js";
