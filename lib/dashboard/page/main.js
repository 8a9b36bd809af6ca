import { connect } from "../../client/index.ts";
import { refreshReach, setUpAudience } from "./audience.js";
import { addressOf, setToken } from "./calls.js";
import { byId } from "./dom.js";
import { showFlow } from "./flow.js";
import { refreshOnline, setUpOnline } from "./online.js";
import { refreshRuns, setUpRuns } from "./runs.js";

// What a view asks for. It does so with the updates of the stream: a page without a stream asks for nothing.
const VIEWS = {
  audience: refreshReach,
  online: refreshOnline,
  flow: async () => undefined,
  runs: refreshRuns,
};
const STATES = {
  connecting: "Connecting",
  open: "Live",
  waiting: "Connection lost, trying again",
  closed: "Ended",
};

let view = "audience";
let isAsking = false;
let updates = 0;

async function refreshView() {
  // A server that is slow is not asked more.
  if (isAsking || document.hidden) return;
  isAsking = true;
  try {
    await VIEWS[view]();
  } finally {
    isAsking = false;
  }
}

function showView() {
  const asked = location.hash.slice(1);
  view = Object.hasOwn(VIEWS, asked) ? asked : "audience";
  for (const name of Object.keys(VIEWS)) byId(name).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  void refreshView();
}

// Nothing stays to be read by somebody who has lost the right.
function leave() {
  byId("confirm").remove();
  byId("main").remove();
  document.querySelector("nav").remove();
  byId("gone").hidden = false;
}

setUpAudience();
setUpOnline();
setUpRuns();
const stream = connect(addressOf("stream"));
stream.onState((state) => {
  byId("status").dataset.state = state;
  byId("status").textContent = STATES[state];
  if (state === "closed") leave();
});
stream.onJson("welcome", ({ token }) => {
  setToken(token);
  showView();
});
stream.onJson("flow", ({ nodes }) => {
  showFlow(nodes[0]);
  updates += 1;
  if (updates % 2 === 0) void refreshView();
});
window.addEventListener("hashchange", showView);
