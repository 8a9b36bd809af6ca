/** As it is written by hand: one reader, who has to be there. */
export async function open() {
  const sources = new Map();
  return {
    begin: (id, tokens) => void sources.set(id, tokens),
    async follow(id, _req, res) {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      for await (const token of sources.get(id)()) res.write(`event: token\ndata: ${token}\n\n`);
      res.end();
    },
  };
}
