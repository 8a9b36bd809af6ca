import { connect } from "/express-sse-hub/client.js";

function read(value) {
  if (value === "true") return true;
  return /^\d+$/.test(value) ? Number(value) : value;
}

const query = [...new URLSearchParams(location.search)].map(([key, value]) => [key, read(value)]);
const { path = "/events", ...options } = Object.fromEntries(query);
const stream = connect(path, options);
const told = [];
const waiting = new Set();

function tell(line) {
  told.push(line);
  for (const look of [...waiting]) look();
}

/** Resolves when that line was told, so often. */
function whenTold(line, times) {
  return new Promise((resolve) => {
    const look = () => {
      if (told.filter((one) => one === line).length < times) return;
      waiting.delete(look);
      resolve();
    };
    waiting.add(look);
    look();
  });
}

stream.on("message", (text) => tell(`message ${text}`));
stream.onJson("order", (order) => tell(`order ${JSON.stringify(order)}`));
stream.onOpen(({ recovered, reason }) => tell(`recovered ${reason ?? recovered}`));
stream.onGap(({ reason }) => tell(`gap ${reason}`));
stream.onEnd((reason, { isFinal }) => tell(`end ${reason}${isFinal ? " for good" : ""}`));
stream.onState((state, trouble) => {
  const why = trouble?.error === undefined ? trouble?.status : "network";
  tell(why === undefined ? state : `${state} ${why}`);
});

// For the spec, which has no other way into a page that allows no script but its own.
Object.assign(window, { stream, told, whenTold });
