import http from "node:http";

export const name = "express-sse-hub";
export const takesSessions = true;
export const takesAudiences = true;
export const takesRedis = true;

const QUIET = { heartbeatMs: null, revalidateMs: null };

/**
 * @param entry the built package's entry; run.mjs has made it
 * @param dashboard "mounted" for a dashboard that everybody may see, "none" for the same hub without: one that does
 * nothing by itself
 * @param hubOptions those of createHub()
 * @param redisUrl of the Redis that is shared with other nodes, if there are any
 * @param postgresUrl of the PostgreSQL, instead
 */
export async function start({ app, entry = "../dist/hub/index.js", dashboard, ...given }) {
  const { createHub, sse } = await import(entry);
  const { hubOptions, ...shared } = given;
  const log = await logOf(entry, shared);
  const hub = createHub({ ...hubOptions, ...(dashboard === undefined ? {} : QUIET), log });
  app.use(sse({ hub }));
  if (dashboard === "mounted") {
    const room = await import(entry.replace(/index\.js$/, "dashboard/index.js"));
    app.use("/sse-admin", room.dashboard({ hub, allow: () => true }));
  }
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
