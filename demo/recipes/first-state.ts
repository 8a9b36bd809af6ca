// A state and its changes. Start node --import tsx demo/recipes/first-state.ts and open
// http://localhost:3000 in two windows.
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

// In your application: rows in a database, and a column or sequence that counts their changes.
const stock = { version: 0, items: { apples: 10, pears: 10, plums: 10 } as Record<string, number> };

/** Stands in for a query, which takes its time. State and version are of one moment. */
async function loadStock() {
  await wait(20);
  return stock;
}

const app = express();
const hub = createHub();
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: `${import.meta.dirname}/first-state` }));
app.use(express.json());

// The stream begins with the state. Every change since the request follows, so no change is lost. A
// change that was made while the state was read may be in both: the page compares the version.
app.get("/stock/events", (req) => {
  req.sse.join({ first: async () => ["state", await loadStock()] });
});

app.post("/stock/:item", async (req, res) => {
  const { item } = req.params;
  const { by } = req.body as { by: number };
  stock.version += 1;
  stock.items[item] = (stock.items[item] ?? 0) + by;
  const change = { version: stock.version, item, by };
  await hub.broadcast("change", change);
  res.json(change);
});

hub.closeWith(app.listen(process.env.PORT ?? 3000));
