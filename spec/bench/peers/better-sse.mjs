import http from "node:http";
import { createChannel, createSession } from "better-sse";

export const name = "better-sse";
export const takesSessions = true;
export const takesAudiences = true;

export function start({ app }) {
  const channel = createChannel();
  app.get("/events", async (req, res) => {
    const session = await createSession(req, res);
    session.state.user = req.session?.user;
    channel.register(session);
  });
  const broadcast = (text, audience) =>
    void channel.broadcast(text, "message", audience && { filter: isOf(audience) });
  return { server: http.createServer(app), broadcast };
}

function isOf(audience) {
  const [[field, value]] = Object.entries(audience);
  return ({ state }) => state.user?.[field] === value;
}
