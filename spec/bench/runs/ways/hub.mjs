export async function open(app, { entry, redisUrl }) {
  const { createHub, sse } = await import(entry);
  const log =
    redisUrl &&
    (await import(entry.replace(/index\.js$/, "redis/index.js"))).redisLog({ url: redisUrl });
  const hub = createHub({ log });
  app.use(sse({ hub }));
  return {
    begin: (id, tokens) => void hub.run(id, tokens, { event: "token", for: "everybody" }),
    follow: (id, req) => req.sse.follow(id),
  };
}
