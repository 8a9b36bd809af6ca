import { connect } from "../../client/index.ts";
import { refreshReach, setUpAudience } from "./audience.js";
import { addressOf, setToken } from "./calls.js";
import { byId } from "./dom.js";
import { addFlow, lookAtFlow, setUpFlow } from "./flow.js";
import { refreshLog, setUpLog } from "./log.js";
import { refreshOnline, setUpOnline } from "./online.js";
import { refreshRuns, setUpRuns } from "./runs.js";
import { lookAtUser, refreshUser, setUpUser } from "./user.js";

// What a view asks for. It does so with the updates of the stream: a page without a stream asks for nothing.
const VIEWS = {
  audience: refreshReach,
  online: refreshOnline,
  user: refreshUser,
  flow: async () => undefined,
  log: refreshLog,
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
  const asked = view;
  try {
    await VIEWS[view]();
  } finally {
    isAsking = false;
  }
  // Somebody has gone on meanwhile.
  if (asked !== view) void refreshView();
}

function showView() {
  const [name, key = ""] = location.hash.slice(1).split("=", 2);
  view = Object.hasOwn(VIEWS, name) ? name : "audience";
  if (view === "user") lookAtUser(decodeURIComponent(key));
  for (const one of Object.keys(VIEWS)) byId(one).hidden = one !== view;
  lookAtFlow(view === "flow");
  const section = view === "user" ? "online" : view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${section}`) link.setAttribute("aria-current", "page");
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
setUpUser();
setUpFlow();
setUpLog();
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
  addFlow(nodes);
  updates += 1;
  if (updates % 2 === 0) void refreshView();
});
window.addEventListener("hashchange", showView);
