/** What the server, or the page, does for each button of a pane. */
export const paneCode = {
  connect: `// the page
stream = connect("api/test/sse");
// the server
app.get("/api/test/sse", (req) => {
  req.sse.join();
});`,
  disconnect: `// the page
stream.close();`,
  login: `// the server: no line for the streams
req.session.regenerate(() => {
  req.session.user = { login, profile };
  res.json({ user });
});`,
  logout: `// the server: no line for the streams
req.session.regenerate(() => {
  res.json({ user: null });
});`,
  profile: `// the server: no line for the streams
req.session.user = { ...user, profile };
res.json({ user });`,
  offline: `// no code: the client reconnects with
// its cursor, and the hub replays what
// this user may see
stream.onOpen(({ recovered }) => {
  if (recovered !== true) loadAgain();
});`,
  private: `// the server
app.get("/api/private/sse", requireUser(), (req) => {
  req.sse.join();
});`,
};
