import http from "node:http";

export const name = "express-sse-hub";
export const takesSessions = true;
export const takesAudiences = true;
export const takesRedis = true;

/**
 * @param entry the built package's entry; run.mjs has made it
 * @param hubOptions those of createHub()
 * @param redisUrl of the Redis that is shared with other nodes, if there are any
 * @param postgresUrl of the PostgreSQL, instead
 */
export async function start({ app, entry = "../dist/hub/index.js", hubOptions, ...shared }) {
  const { createHub, sse } = await import(entry);
  const log = await logOf(entry, shared);
  const hub = createHub({ ...hubOptions, log });
  app.use(sse({ hub }));
  app.get("/events", (req) => void req.sse.join());
  const broadcast = (text, audience) =>
    audience ? hub.broadcast("message", text, audience) : hub.broadcast("message", text);
  return { server: http.createServer(app), broadcast };
}

async function logOf(entry, { redisUrl, postgresUrl }) {
  const load = (room) => import(entry.replace(/index\.js$/, `${room}/index.js`));
  if (redisUrl !== undefined) return (await load("redis")).redisLog({ url: redisUrl });
  if (postgresUrl === undefined) return undefined;
  const { migrate, postgresLog } = await load("postgres");
  await migrate({ connectionString: postgresUrl });
  return postgresLog({ connectionString: postgresUrl });
}
