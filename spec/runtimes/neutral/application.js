// The application that the tests visit, as a user of the package writes it.
import { once } from "node:events";
import { connect } from "node:net";
import express from "express";
import session from "express-session";
import { createHub, requireUser, sse } from "express-sse-hub";
import { visit } from "express-sse-hub/testing";

export const releaseRequest = process.env.RELEASE_REQUEST === "true";

const closers = [];

/** Runs when the test has ended, the last one first. */
export function onTestEnd(close) {
  closers.push(close);
}

/** What each file gives to `afterEach`. */
export async function closeAll() {
  while (closers.length > 0) await closers.pop()();
}

/**
 * A hub, and an application with logins and streams.
 *
 * @param {{ hub?: object, routes?: (app: object, hub: object) => void }} options
 */
export function createApplication({ hub: options = {}, routes } = {}) {
  const hub = createHub({ retryMs: 10, releaseRequest, ...options });
  const app = express();
  app.use(session({ secret: "neutral", resave: false, saveUninitialized: false }));
  app.use(express.json());
  app.use(sse({ hub }));
  app.post("/login", (req, res, next) => {
    req.session.regenerate((error) => {
      req.session.user = req.body;
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
  app.post("/profile", (req, res) => {
    req.session.user = { ...req.session.user, ...req.body };
    res.sendStatus(204);
  });
  app.post("/logout", (req, res, next) => {
    req.session.destroy((error) => {
      if (error) next(error);
      else res.sendStatus(204);
    });
  });
  app.get("/events", (req) => {
    req.sse.join();
  });
  app.get("/rooms/:room", (req) => {
    req.sse.join(req.params.room);
  });
  app.get("/private", requireUser(), (req) => {
    req.sse.join();
  });
  app.get("/admins", requireUser({ profile: "Administrator" }), (req) => {
    req.sse.join();
  });
  routes?.(app, hub);
  // Express logs what no handler of an error takes.
  app.use((error, _req, res, next) => {
    if (res.headersSent) next(error);
    else res.status(error.status ?? 500).send(error.message);
  });
  onTestEnd(() => hub.close());
  return { app, hub };
}

/** Somebody with cookies of their own, logged in if a user is given. */
export async function enter(app, user) {
  const visitor = await visit(app, { timeoutMs: 20_000 });
  onTestEnd(() => visitor.close());
  if (user !== undefined) await visitor.post("/login", user);
  return visitor;
}

/** Serves an application, and gives its address. */
export async function serve(app) {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Asks for a stream on a socket of its own, and reads nothing of it until `read()` is called. */
export function openStalled(url, path) {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.pause();
  onTestEnd(() => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return {
    /** Reads from now on; each piece of text is given to `take`. */
    read(take) {
      socket.setEncoding("latin1").on("data", take);
      socket.resume();
    },
    close: () => socket.destroy(),
  };
}

/** Resolves when a condition holds. It is looked at again and again, in turns of the event loop. */
export async function until(isTrue, what) {
  const deadline = Date.now() + 20_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`It never came true: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
