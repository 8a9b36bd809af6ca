// The load in Node, where client.c cannot be compiled, or does not speak what the server does: the
// same commands, the same answers. It takes more CPU per event than most servers do, so saturated runs
// show the load's speed, not the server's. `node client.mjs <port> [socket.io]`
import { readFileSync } from "node:fs";
import net from "node:net";
import { createInterface } from "node:readline";
import { openSocketIo } from "./socket-io.mjs";
import { StreamCheck } from "./stream-check.mjs";

const port = Number(process.argv[2]);
const connect = process.argv[3] === "socket.io" ? connectSocketIo : connectStream;
let sockets = [];
let tally = newTally(0);
let firstSequence = 1;
let waiting = null;

function newTally(payloadBytes) {
  const counts = {
    events: 0,
    bytes: 0,
    lost: 0,
    duplicated: 0,
    disordered: 0,
    broken: 0,
    closed: 0,
  };
  return { payloadBytes, latencies: [], ...counts };
}

const commands = {
  open(count, path, heads, inFlight, stall) {
    const lines = heads === "-" ? [""] : readFileSync(heads, "utf8").trimEnd().split("\n");
    const state = { count: Number(count), opened: 0, failed: 0, began: performance.now() };
    const openNext = () => {
      if (sockets.length === state.count) return;
      const head = lines[sockets.length % lines.length];
      connect({ path, head, isStalled: stall === "1" }, (isOpen) => {
        state[isOpen ? "opened" : "failed"] += 1;
        if (state.opened + state.failed === state.count) say(opened(state));
        else openNext();
      });
    };
    for (let index = 0; index < Math.min(Number(inFlight), state.count); index += 1) openNext();
  },
  expect(sequence, bytes) {
    tally = newTally(Number(bytes));
    firstSequence = Number(sequence);
    for (const { check } of sockets) check.expect(firstSequence);
    say({});
  },
  until(events, milliseconds) {
    const timer = setTimeout(() => tellCounts({ isLate: true }), Number(milliseconds));
    waiting = { events: Number(events), timer };
    tellIfEnough();
  },
  close() {
    for (const { socket } of sockets) socket.removeAllListeners("close").resetAndDestroy();
    sockets = [];
    say({});
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [name, ...given] = line.split(" ");
    commands[name](...given);
  })
  .on("close", () => process.exit());

function connectStream({ path, head, isStalled }, onHead) {
  const socket = net.connect(port, "127.0.0.1");
  const check = new StreamCheck(() => tally, firstSequence);
  sockets.push({ socket, check });
  const extra = head === "" ? "" : `${head.replaceAll("\t", "\r\n")}\r\n`;
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${extra}\r\n`,
  );
  socket.on("data", (bytes) => {
    const hadHead = check.hasHead;
    check.take(bytes);
    if (!hadHead && check.hasHead) {
      if (isStalled) socket.pause();
      onHead(check.isOk);
    }
    tellIfEnough();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (check.hasHead) tally.closed += 1;
    else onHead(false);
  });
}

function connectSocketIo(_request, onHead) {
  const check = new StreamCheck(() => tally, firstSequence);
  const socket = openSocketIo(port, {
    onOpen() {
      check.hasHead = true;
      onHead(true);
    },
    onText(text) {
      check.take(Buffer.from(`data: ${text}\n\n`));
      tellIfEnough();
    },
    onClose() {
      if (check.hasHead) tally.closed += 1;
      else onHead(false);
    },
  });
  sockets.push({ socket, check });
}

function opened({ opened: count, failed, began }) {
  return { opened: count, failed, seconds: (performance.now() - began) / 1000 };
}

function tellIfEnough() {
  if (waiting !== null && tally.events >= waiting.events) tellCounts({ isLate: false });
}

function tellCounts({ isLate }) {
  clearTimeout(waiting.timer);
  waiting = null;
  const events = sockets.map(({ check }) => check.events).filter((count) => count > 0);
  const { latencies, ...counts } = tally;
  const sorted = Float64Array.from(latencies).sort();
  const at = (part) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  say({
    ...{ isLate, ...counts, reached: events.length },
    fewest: events.reduce((least, count) => Math.min(least, count), events[0] ?? 0),
    most: events.reduce((most, count) => Math.max(most, count), 0),
    ...{ p50: at(0.5), p99: at(0.99), max: at(1) },
  });
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
