import sse from "@fastify/sse";
import Fastify from "fastify";

export const name = "fastify-sse";

export async function start() {
  const streams = new Set();
  const fastify = Fastify();
  await fastify.register(sse, { heartbeatInterval: 0 });
  fastify.get("/events", { sse: "only" }, async (request, reply) => {
    reply.sse.keepAlive();
    reply.sse.sendHeaders();
    reply.raw.flushHeaders();
    streams.add(reply.sse);
    reply.sse.onClose(() => streams.delete(reply.sse));
  });
  await fastify.ready();
  const broadcast = (text) => {
    for (const stream of streams) stream.send({ data: text }).catch(() => undefined);
  };
  return { server: fastify.server, broadcast };
}
