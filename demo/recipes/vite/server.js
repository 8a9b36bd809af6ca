// In development, `npm run dev` and open http://localhost:5173/react.html (or query, vue, svelte). Otherwise
// `npm run build`, `npm start`, and http://localhost:3000/react.html. To change what the page shows:
// curl -X POST localhost:3000/api/price/7, or curl -X POST localhost:3000/api/orders/7.
import express from "express";
import { createHub, sse } from "express-sse-hub";

const app = express();
const hub = createHub();
const orders = [];

app.use(sse({ hub, static: `${import.meta.dirname}/dist` }));

// A page may also ask with POST.
app.all("/api/events", (req) => {
  req.sse.join();
});

app.post("/api/price/:euros", async (req, res) => {
  await hub.broadcast("price", { euros: Number(req.params.euros) });
  res.sendStatus(204);
});

app.get("/api/orders", (_req, res) => {
  res.json(orders);
});

app.post("/api/orders/:id", async (req, res) => {
  orders.push({ id: Number(req.params.id) });
  await hub.broadcast("orders", "changed");
  res.sendStatus(204);
});

app.listen(process.env.PORT ?? 3000);
