// Migrate from better-sse 0.16: "was" marks its lines. Start node --import tsx demo/recipes/from-better-sse.ts,
// run curl -N localhost:3000/rooms/sport/events, and in a second window
// curl --json '{"text":"goal"}' localhost:3000/rooms/sport
//
// In the page, data that is a string arrives as it is; better-sse sent it as JSON, in quotes. Objects
// arrive as before. The name of the event is the first argument, not the second. Ids are cursors: a
// browser that reconnects receives what it missed, so you can remove code that reads lastId for that.
import express from "express";
import session from "express-session";
// was: import { createChannel, createSession } from "better-sse";
import { createHub, sse } from "express-sse-hub";

const app = express();
app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
app.use(express.json());

// was: const everybody = createChannel();
// was: const rooms = new Map();
// was: const roomOf = (name) => rooms.get(name) ?? rooms.set(name, createChannel()).get(name);
// A room replaces a channel. You do not create it. The hub itself reaches everybody.
const hub = createHub({ heartbeatMs: 10_000, retryMs: 2_000 });
app.use(sse({ hub }));

// was: app.get("/rooms/:room/events", async (req, res) => {
// was:   const state = { id: req.session.id, user: req.session.user };
// was:   const reader = await createSession(req, res, { state, keepAlive: 10_000, retry: 2_000 });
// was:   const room = roomOf(req.params.room);
// was:   room.register(reader);
// was:   everybody.register(reader);
// was:   if (room.state.headline) reader.push(room.state.headline, "headline");
// was: });
// The hub knows the user, and sends what is retained to each new connection.
app.get("/rooms/:room/events", (req) => void req.sse.join(req.params.room));

app.post("/rooms/:room", async (req, res) => {
  const { room } = req.params;
  // was: roomOf(room).state.headline = req.body;
  // was: roomOf(room).broadcast(req.body, "headline");
  await hub.to(room).retain(`headline of ${room}`).broadcast("headline", req.body);
  // was: res.json({ readers: roomOf(room).sessionCount });
  res.json({ readers: hub.connections(({ rooms }) => rooms.has(room)).length });
});

app.post("/users/:login", async (req, res) => {
  const { login } = req.params;
  // was: everybody.broadcast(req.body, "note", { filter: ({ state }) => state.user?.login === login });
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
app.post("/logout", (req, res, next) => {
  // was: for (const reader of everybody.activeSessions) {
  // was:   if (reader.state.id !== req.session.id) continue;
  // was:   everybody.deregister(reader);
  // was:   for (const room of rooms.values()) room.deregister(reader);
  // was: }
  // Nothing to do: the hub ends the streams of the session, and the browsers reconnect without a user.
  req.session.destroy((error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});

// Also:
// - reader.iterate(tokens, { eventName: "token" }) becomes connection.stream(tokens, "token"), on a
//   connection that req.sse.open() returns.
// - "session-registered" and "session-disconnected" become the events "join" and "leave" of the hub.
// - batch() has no replacement, because the hub joins events into one write by itself.
hub.closeWith(app.listen(process.env.PORT ?? 3000));
