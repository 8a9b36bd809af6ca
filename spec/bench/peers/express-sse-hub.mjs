import http from "node:http";

export const name = "express-sse-hub";
export const takesSessions = true;
export const takesAudiences = true;
export const takesRedis = true;

/**
 * @param entry the built package's entry; run.mjs has made it
 * @param hubOptions those of createHub()
 * @param redisUrl of the Redis that is shared with other nodes, if there are any
 */
export async function start({ app, entry = "../dist/hub/index.js", hubOptions, redisUrl }) {
  const { createHub, sse } = await import(entry);
  const log = redisUrl && (await redisLogOf(entry, redisUrl));
  const hub = createHub({ ...hubOptions, log });
  app.use(sse({ hub }));
  app.get("/events", (req) => void req.sse.join());
  const broadcast = (text, audience) =>
    audience ? hub.broadcast("message", text, audience) : hub.broadcast("message", text);
  return { server: http.createServer(app), broadcast };
}

async function redisLogOf(entry, url) {
  const { redisLog } = await import(entry.replace(/index\.js$/, "redis/index.js"));
  return redisLog({ url });
}
