import { Redis } from "ioredis";
import { createResumableStreamContext } from "resumable-stream/ioredis";

export async function open(_app, { redisUrl }) {
  const context = createResumableStreamContext({
    waitUntil: null,
    publisher: new Redis(redisUrl),
    subscriber: new Redis(redisUrl),
  });
  return {
    async begin(id, tokens) {
      const stream = await context.createNewResumableStream(id, () => textOf(tokens));
      // Its own reader is elsewhere; what nobody takes would not be produced.
      void drain(stream);
    },
    async follow(id, _req, res) {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      for await (const text of await context.resumeExistingStream(id)) res.write(text);
      res.end();
    },
  };
}

function textOf(tokens) {
  const frames = (async function* () {
    for await (const token of tokens()) yield `event: token\ndata: ${token}\n\n`;
  })();
  return ReadableStream.from(frames);
}

async function drain(stream) {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}
