import http from "node:http";
import SSE from "express-sse";

export const name = "express-sse";
export const takesSessions = true;

export function start({ app }) {
  // Serialized, as it is by default, each newcomer makes it write to all connections: no load of
  // thousands would ever be open.
  const sse = new SSE([], { isSerialized: false });
  app.get("/events", (req, res) => {
    sse.init(req, res);
    res.flushHeaders();
  });
  return { server: http.createServer(app), broadcast: (text) => sse.send(text) };
}
