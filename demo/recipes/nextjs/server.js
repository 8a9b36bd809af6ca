// `npm run dev`, or `npm run build` and `npm start`, and open http://localhost:3000. To change what the page
// shows: curl -X POST localhost:3000/api/price/7.
import { createServer } from "node:http";
import express from "express";
import { createHub, sse } from "express-sse-hub";
import next from "next";

const port = Number(process.env.PORT ?? 3000);
const app = express();
const hub = createHub();
const server = createServer(app);
const pages = next({
  dev: process.env.NODE_ENV !== "production",
  dir: import.meta.dirname,
  port,
  httpServer: server,
});
await pages.prepare();
const servePage = pages.getRequestHandler();

app.use(sse({ hub }));

app.get("/api/events", (req) => {
  req.sse.join();
});

app.post("/api/price/:euros", async (req, res) => {
  await hub.broadcast("price", { euros: Number(req.params.euros) });
  res.sendStatus(204);
});

// Everything else is Next's.
app.use((req, res) => servePage(req, res));

server.listen(port);
