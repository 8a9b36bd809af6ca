import express from "express";
import { createHub, sse } from "express-sse-hub";
import "./events.js";

const hub = createHub();
const app = express();
app.use(sse({ hub }));
app.get("/events", (req) => {
  const connection = req.sse.join({ first: () => ["order", { id: 0 }] });
  connection.send("message", "welcome");
  // @ts-expect-error -- no event of the application
  connection.send("mesage", "welcome");
});

void hub.broadcast("order", { id: 1 });
// @ts-expect-error -- no event of the application
void hub.broadcast("oder", { id: 1 });
// @ts-expect-error -- an id is a number
void hub.to("desk").broadcast("order", { id: "1" });
export { app };
