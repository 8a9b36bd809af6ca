// Migrate from socket.io 4: "was" marks its lines. Start node --import tsx demo/recipes/from-socket-io.ts,
// run curl -N localhost:3000/rooms/sport/events, and in a second window
// curl --json '{"text":"goal"}' localhost:3000/rooms/sport
//
// In the page, io(url, { query: { room } }) becomes new EventSource(`/rooms/${room}/events`), and
// socket.on("headline", show) becomes
// stream.addEventListener("headline", ({ data }) => show(JSON.parse(data))).
// What the page emitted, it now sends with POST. The response replaces the acknowledgement.
import express from "express";
import session from "express-session";
// was: import { Server } from "socket.io";
import { createHub, requireUser, sse } from "express-sse-hub";

const app = express();
const sessions = session({ secret: "change me", resave: false, saveUninitialized: false });
app.use(sessions);
app.use(express.json());

// was: const server = createServer(app);
// was: const io = new Server(server);
// was: io.engine.use(sessions);
// The application's own middleware runs for each stream, and again after each reconnect.
const hub = createHub();
app.use(sse({ hub }));

// was: io.on("connection", (socket) => {
// was:   const { room } = socket.handshake.query;
// was:   const { user, id } = socket.request.session;
// was:   socket.join([room, `session:${id}`]);
// was:   if (user) socket.join(`user:${user.login}`);
// was:   if (headlines.has(room)) socket.emit("headline", headlines.get(room));
// was: });
// The URL names the room, so it is the same after a reconnect. Rooms for sessions and users are not
// needed: a filter selects the user, and the hub sends what is retained to each new connection.
app.get("/rooms/:room/events", (req) => void req.sse.join(req.params.room));

app.post("/rooms/:room", async (req, res) => {
  const { room } = req.params;
  // was: headlines.set(room, req.body);
  // was: io.to(room).emit("headline", req.body);
  await hub.to(room).retain(`headline of ${room}`).broadcast("headline", req.body);
  // was: res.json({ readers: (await io.in(room).fetchSockets()).length });
  res.json({ readers: hub.connections(({ rooms }) => rooms.has(room)).length });
});

// was: socket.on("typing", () => socket.volatile.to(room).emit("typing", user.login));
// The page names its own stream in a header, with the id from hub:open: { "SSE-Connection": connection }.
app.post("/rooms/:room/typing", requireUser(), async (req, res) => {
  const others = hub.to(req.params.room).except(req.sse.connectionId);
  await others.volatile().broadcast("typing", req.sse.user?.login);
  res.sendStatus(204);
});

app.post("/users/:login", async (req, res) => {
  const { login } = req.params;
  // was: io.to(`user:${login}`).emit("note", req.body);
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
  // was: io.in(`session:${req.session.id}`).disconnectSockets();
  // Nothing to do: the hub ends the streams of the session, and the browsers reconnect without a user.
  req.session.destroy((error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});

// Also: io.emit() becomes hub.broadcast(), and socket.id becomes connection.id. For several nodes,
// createHub({ log: redisLog({ … }) }) replaces the adapter; it needs no sticky sessions: see cluster.ts.
// was: server.listen(process.env.PORT ?? 3000);
hub.closeWith(app.listen(process.env.PORT ?? 3000));
