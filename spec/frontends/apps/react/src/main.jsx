import { StrictMode, Suspense, use, useState } from "react";
import { createRoot } from "react-dom/client";
import { SseProvider } from "express-sse-hub/react";
import { heard } from "./heard.js";
import { Row } from "./row.jsx";

const COMPONENTS = 30;
// Each try gives the next one.
const tokens = ["old", "new"];
const options = {
  maxRetryMs: 1000,
  headers: ({ status }) => ({ Authorization: status === 401 ? tokens[1] : tokens[0] }),
};

const data = new Map();
let setRound;

/** Suspends until the spec gives it what it waits for. */
function Waits({ round }) {
  if (!data.has(round)) data.set(round, Promise.withResolvers());
  return use(data.get(round).promise);
}

function Rows() {
  const [round, set] = useState(0);
  setRound = set;
  const isWaiting = location.search.includes("suspense");
  return (
    <>
      {isWaiting && <Waits round={round} />}
      {Array.from({ length: COMPONENTS }, (_, index) => (
        <Row key={index} index={index} round={round} />
      ))}
    </>
  );
}

const root = createRoot(document.querySelector("#root"));
const unmount = () => root.render(null);
const mount = () =>
  root.render(
    <StrictMode>
      <SseProvider url="/events" options={options}>
        <Suspense fallback={<p>waiting</p>}>
          <Rows />
        </Suspense>
      </SseProvider>
    </StrictMode>,
  );
mount();

// For the spec.
Object.assign(window, {
  heard,
  mount,
  unmount,
  setRound: (round) => setRound(round),
  give: (round) => data.get(round).resolve("given"),
});
