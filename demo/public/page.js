import { CountCheck } from "./count-check.js";
import { EventList } from "./event-list.js";
import { requestJson } from "./request-json.js";
import { Stream } from "./stream.js";

const byId = (id) => document.getElementById(id);
const events = new EventList(byId("events"));
const loginButtons = [...document.querySelectorAll("[data-login]")];
const otherTabs = new BroadcastChannel("express-sse-hub-demo");
const counts = new CountCheck(byId("cluster"));
let user = null;

const stream = new Stream({
  onState: showState,
  onEvent: (name, text) => events.add(name, text),
  onNode: (name) => counts.moveTo(name),
  onCount: (count) => counts.add(count),
  onHole: () => counts.beginAnew(),
});

otherTabs.addEventListener("message", () => follow().catch(() => undefined));
byId("btnConnect").addEventListener("click", connect);
byId("btnDisconnect").addEventListener("click", () => stream.close());
byId("btnSignOut").addEventListener("click", () => become("api/logout", {}));
byId("hello").addEventListener("submit", sayHello);
for (const button of loginButtons) {
  button.addEventListener("click", () => become("api/login", { login: button.dataset.login }));
}
for (const choice of document.querySelectorAll("[name=stream]")) {
  choice.addEventListener("change", reconnect);
}
refreshUser().catch(() => undefined);

function connect() {
  stream.open(document.querySelector("[name=stream]:checked").value);
}

function reconnect() {
  if (stream.isWanted) connect();
}

/**
 * Signs in or out. When a session changes, the server ends its streams, and they return by themselves, with
 * their cursor. A stream that nobody in particular opened has no session that could tell.
 */
async function become(path, body) {
  try {
    await requestJson(path, body);
    await follow();
    otherTabs.postMessage("the user has changed");
  } catch (error) {
    byId("user").textContent = error.message;
  }
}

/** Takes over who the session belongs to now, be it this tab's doing or another's. */
async function follow() {
  const wasNobody = user === null;
  await refreshUser();
  if (wasNobody && user !== null) reconnect();
}

async function refreshUser() {
  showUser((await requestJson("api/me")).user);
}

async function sayHello(submit) {
  submit.preventDefault();
  const [text, to] = [byId("helloText").value, byId("helloTo").value];
  try {
    await requestJson("api/hello", { text, to });
    byId("helloAnswer").textContent = `Sent to ${byId("helloTo").selectedOptions[0].text}.`;
  } catch (error) {
    byId("helloAnswer").textContent = error.message;
  }
}

function showState(state, detail) {
  const isError = state === "error";
  byId("status").dataset.state = state;
  byId("status").textContent = isError ? `error: ${detail}` : state;
  byId("detail").textContent = isError ? "A refused stream stays closed." : detail;
  byId("btnConnect").disabled = state === "connecting" || state === "connected";
  byId("btnDisconnect").disabled = !stream.isWanted;
  // Another tab may have signed in or out, which ends a stream on the server's side.
  if (state === "connected") refreshUser().catch(() => undefined);
}

function showUser(current) {
  user = current;
  const name =
    user === null
      ? "Nobody is signed in. Sign in as:"
      : `Signed in as ${user.login}, ${user.profile}.`;
  byId("user").textContent = name;
  byId("btnSignOut").disabled = user === null;
  for (const button of loginButtons) {
    button.setAttribute("aria-pressed", String(button.dataset.login === user?.login));
  }
}
