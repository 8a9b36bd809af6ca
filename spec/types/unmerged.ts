// An application that has told nothing yet: any name goes with any data. Compiled, never run.
import { createHub, sse, type Connection, type EventLog, type Matcher } from "express-sse-hub";
import { expectTypeOf } from "expect-type";
import express from "express";

export const hub = createHub();
const app = express();

app.use(sse({ hub, static: [{ root: "public", maxAge: "1d" }], user: () => ({ id: 1 }) }));
app.get("/events/:id", (req) => {
  expectTypeOf(req.params.id).toEqualTypeOf<string>();
  expectTypeOf(req.sse.join("a", "b")).toEqualTypeOf<Connection>();
  req.sse.join({ rooms: ["a"], first: () => ["state", { any: "thing" }] });
  // @ts-expect-error -- no such option
  req.sse.join({ room: "a" });
});

void hub.broadcast("any name", { any: "data" });
void hub.broadcast("message", "x", { profile: "Administrator", "team.id": { $in: [1] } });
void hub.broadcast("message", "x", ({ user }) => user?.profile === "Administrator");
expectTypeOf(hub.broadcast("message", "x")).toEqualTypeOf<Promise<string>>();
expectTypeOf(hub.to("a").except("b").retain("c").volatile().broadcast).toBeFunction();

// @ts-expect-error -- a room at least
hub.to();
// @ts-expect-error -- no such option
createHub({ heartbeat: 1 });
// @ts-expect-error -- a filter is never null
void hub.broadcast("message", "x", null);
export const matcher: Matcher = { $or: [{ a: 1 }, { b: { $gt: 2 } }] };
export type HasHead = EventLog["head"];
