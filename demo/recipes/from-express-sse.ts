// Migrate from express-sse 1.0: "was" marks its lines. Start
// node --import tsx demo/recipes/from-express-sse.ts,
// run curl -N localhost:3000/rooms/sport/events, and in a second window
// curl --json '{"text":"goal"}' localhost:3000/rooms/sport
//
// In the page, data that is a string arrives as it is; express-sse sent it as JSON, in quotes. Objects
// arrive as before. The name of the event is the first argument, not the second. Ids are cursors, and a
// browser that reconnects receives what it missed; express-sse counted from 0 on each connection.
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
// One hub replaces the instances. A room replaces an instance for a room, a filter one for a user.
const hub = createHub();
app.use(sse({ hub }));

// was: app.get("/rooms/:room/events", (req, res) => {
// was:   streamOf(rooms, req.params.room).init(req, res);
// was: });
// was: app.get("/my/events", (req, res) => {
// was:   streamOf(users, req.session.user.login).init(req, res);
// was: });
// One stream carries everything that its user may see: a page needs no second, private one.
app.get("/rooms/:room/events", (req) => void req.sse.join(req.params.room));

app.post("/rooms/:room", async (req, res) => {
  const { room } = req.params;
  // was: streamOf(rooms, room).updateInit(req.body);
  // was: streamOf(rooms, room).send(req.body, "headline");
  // What is retained is sent to the new connection alone; init() sent it to all connections, as an
  // array. For a state that is made for each connection, use req.sse.join({ first }): see first-state.ts.
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
  const { login } = req.body as { login: string }; // yours also checks a password
  req.session.regenerate((error) => {
    Object.assign(req.session, { user: { login } });
    if (error) next(error);
    else res.sendStatus(204);
  });
});
// express-sse could not end the streams of a session. The hub ends them, and the browsers reconnect
// without a user.
app.post("/logout", (req, res, next) => {
  req.session.destroy((error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});

hub.closeWith(app.listen(process.env.PORT ?? 3000));
