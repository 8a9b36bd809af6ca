import { createElement, StrictMode, useState, version } from "react";
import { createRoot } from "react-dom/client";
import { SseProvider, useLatest, useSse, useSseEvent, useSseState } from "express-sse-hub/react";

const COMPONENTS = 30;
const heard = [];

/** Each render gives it another handler. */
function Row({ index, round }) {
  const order = useLatest("order", { id: 0 });
  const state = useSseState();
  const stream = useSse();
  useSseEvent("message", (text) => heard.push(`${index} ${round} ${text}`));
  const seen = [index, state, order.id, typeof stream?.close].join(" ");
  return createElement("li", null, seen);
}

let setRound;
function Rows() {
  const [round, set] = useState(0);
  setRound = set;
  return Array.from({ length: COMPONENTS }, (_, index) =>
    createElement(Row, { key: index, index, round }),
  );
}

function App() {
  const options = { maxRetryMs: 1000 };
  const row = createElement(Rows);
  return createElement(
    StrictMode,
    null,
    createElement(SseProvider, { url: "/events", options }, row),
  );
}

const root = createRoot(document.querySelector("#root"));
const mount = () => root.render(createElement(App));
const unmount = () => root.render(null);
mount();

// For the spec.
Object.assign(window, { heard, version, mount, unmount, setRound: (round) => setRound(round) });
