// compression() before everything else. Start node --import tsx demo/recipes/compression.ts, run
// curl -N --compressed localhost:3000/events, and in a second window curl -X POST localhost:3000/orders.
import compression from "compression";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

interface Order {
  id: number;
  what: string;
  total: number;
}

const orders: Order[] = [];
for (let id = 1; id <= 100; id += 1) orders.push({ id, what: `order ${id}`, total: id * 10 });

const app = express();
const hub = createHub();
// Streams need no setting, no filter and no flush(). They send Cache-Control: no-transform, and
// compression() obeys it. A compressed stream would need memory for a compressor per connection.
app.use(compression());
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub }));

app.get("/orders", (_req, res) => {
  res.json(orders);
});
app.post("/orders", async (_req, res) => {
  const id = orders.length + 1;
  const order = { id, what: `order ${id}`, total: id * 10 };
  orders.push(order);
  await hub.broadcast("order", order);
  res.status(201).json(order);
});
app.get("/events", (req) => void req.sse.join());

hub.closeWith(app.listen(process.env.PORT ?? 3000));
