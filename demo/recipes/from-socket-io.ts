// From socket.io 4; "was" marks its lines. node --import tsx demo/recipes/from-socket-io.ts, then
// curl -N localhost:3000/rooms/sport/events, and beside it
// curl --json '{"text":"goal"}' localhost:3000/rooms/sport
//
// In the page: io(url, { query: { room } }) is new EventSource(`/rooms/${room}/events`), and
// socket.on("headline", show) is stream.addEventListener("headline", ({ data }) => show(JSON.parse(data))).
// What a page emitted it now posts, and an acknowledgement is the answer.
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
// The application's own middleware runs for each stream, and again when it comes back.
const hub = createHub();
app.use(sse({ hub }));

// was: io.on("connection", (socket) => {
// was:   const { room } = socket.handshake.query;
// was:   const { user, id } = socket.request.session;
// was:   socket.join([room, `session:${id}`]);
// was:   if (user) socket.join(`user:${user.login}`);
// was:   if (headlines.has(room)) socket.emit("headline", headlines.get(room));
// was: });
// Rooms are named by the URL, so that they are the same after a return. Those for sessions and users
// go: a filter asks for the user, and what is retained is given to newcomers.
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
// The page says which stream is its own, with what hub:open told: { "SSE-Connection": connection }.
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
  const { login } = req.body as { login: string }; // yours: and a password
  req.session.regenerate((error) => {
    Object.assign(req.session, { user: { login } });
    if (error) next(error);
    else res.sendStatus(204);
  });
});
app.post("/logout", (req, res, next) => {
  // was: io.in(`session:${req.session.id}`).disconnectSockets();
  // Nothing: the session's streams end by themselves, and come back as nobody's.
  req.session.destroy((error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});

// Also: io.emit() is hub.broadcast(); socket.id is connection.id; an adapter for several nodes is
// createHub({ log: redisLog({ … }) }), which needs no sticky sessions: see cluster.ts.
// was: server.listen(process.env.PORT ?? 3000);
app.listen(process.env.PORT ?? 3000);
