import http from "node:http";

export const name = "express-sse-hub";
export const takesSessions = true;
export const takesAudiences = true;

/**
 * @param entry the built package's entry; run.mjs has made it
 * @param hubOptions those of createHub()
 */
export async function start({ app, entry = "../dist/hub/index.js", hubOptions }) {
  const { createHub, sse } = await import(entry);
  const hub = createHub(hubOptions);
  app.use(sse({ hub }));
  app.get("/events", (req) => void req.sse.join());
  const broadcast = (text, audience) =>
    audience ? hub.broadcast("message", text, audience) : hub.broadcast("message", text);
  return { server: http.createServer(app), broadcast };
}
