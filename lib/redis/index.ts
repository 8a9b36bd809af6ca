export { redisLog } from "./redis-log.js";
export type { RedisLogOptions } from "./redis-log-options.js";
export type { RedisClient } from "./redis-client.js";
export { publisher, type Publisher, type PublisherOptions } from "./publisher.js";
