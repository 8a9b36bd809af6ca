/** The same events to the same readers as broadcasts. */
export async function open(app, { entry }) {
  const { createHub, sse } = await import(entry);
  const hub = createHub();
  app.use(sse({ hub }));
  // Closing waits until everybody has what is in the log.
  const send = async (tokens) => {
    for await (const token of tokens()) void hub.broadcast("token", token);
    await hub.close();
  };
  return {
    begin: (_id, tokens) => void send(tokens),
    follow: (_id, req) => req.sse.join(),
  };
}
