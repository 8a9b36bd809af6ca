// From express-sse 1.0; "was" marks its lines. node --import tsx demo/recipes/from-express-sse.ts, then
// curl -N localhost:3000/rooms/sport/events, and beside it
// curl --json '{"text":"goal"}' localhost:3000/rooms/sport
//
// In the page: data that is a string comes as it is, where express-sse sent "the string" as JSON; objects
// come as before. An event's name is the first argument, not the second. Ids are cursors, where
// express-sse counted from 0 on each connection: who comes back gets what it missed.
import express from "express";
import session from "express-session";
// was: import SSE from "express-sse";
import { createHub, sse } from "express-sse-hub";

const app = express();
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(express.json());

// was: const options = { isSerialized: false, initialEvent: "headline" };
// was: const rooms = new Map();
// was: const users = new Map();
// was: const streamOf = (map, name) =>
// was:   map.get(name) ?? map.set(name, new SSE([], options)).get(name);
// An instance for each audience is a room of one hub, or nothing at all where a filter says who is meant.
const hub = createHub();
app.use(sse({ hub }));

// was: app.get("/rooms/:room/events", (req, res) => {
// was:   streamOf(rooms, req.params.room).init(req, res);
// was: });
// was: app.get("/my/events", (req, res) => {
// was:   streamOf(users, req.session.user.login).init(req, res);
// was: });
// One stream for all that its reader may see: a page needs no second one for what is private.
app.get("/rooms/:room/events", (req) => void req.sse.join(req.params.room));

app.post("/rooms/:room", async (req, res) => {
  const { room } = req.params;
  // was: streamOf(rooms, room).updateInit(req.body);
  // was: streamOf(rooms, room).send(req.body, "headline");
  // What is retained goes to the newcomer alone, where init() sent it to all who were there, as an
  // array. A state that is made for each newcomer: req.sse.join({ first }), see first-state.ts.
  await hub.to(room).retain(`headline of ${room}`).broadcast("headline", req.body);
  // was: res.json({ readers: streamOf(rooms, room).listenerCount("data") });
  res.json({ readers: hub.connections(({ rooms }) => rooms.has(room)).length });
});

app.post("/users/:login", async (req, res) => {
  const { login } = req.params;
  // was: streamOf(users, login).send(req.body, "note");
  await hub.broadcast("note", req.body, { login });
  res.sendStatus(204);
});

app.post("/login", (req, res, next) => {
  const { login } = req.body as { login: string }; // yours: and a password
  req.session.regenerate((error) => {
    Object.assign(req.session, { user: { login } });
    if (error) next(error);
    else res.sendStatus(204);
  });
});
// Nothing was there to end the streams of a session. Now they end by themselves, and come back as nobody's.
app.post("/logout", (req, res, next) => {
  req.session.destroy((error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});

app.listen(process.env.PORT ?? 3000);
