import { call } from "./calls.js";
import { confirmed } from "./confirm.js";
import { Pace } from "./pace.js";
import { byId, counted, element, showUsers } from "./dom.js";

const EXAMPLES = [
  '{ "profile": "Administrator" }',
  '{ "id": { "$in": [1, 2, 3] } }',
  '{ "$or": [{ "profile": "Viewer" }, { "team.id": 7 }] }',
];
// Between two keys of somebody who types.
const TYPING_MS = 150;

const [matcher, rooms] = [byId("matcher"), byId("rooms")];
const [reach, problem, outcome] = [byId("reach"), byId("matcher-error"), byId("outcome")];
let newest = 0;
let timer;
// 10 000 connections are counted every two seconds, a few every second.
const pace = new Pace(0.3);

function audience() {
  const names = rooms.value.split(",").map((room) => room.trim());
  return { matcher: matcher.value, rooms: names.filter((room) => room !== "") };
}

function words({ matcher: text, rooms: names }) {
  const who = text.trim() === "" ? "Everybody" : text.trim();
  return names.length === 0 ? who : `${who}\nin the rooms ${names.join(", ")}`;
}

/** Counts what the audience reaches now; a large one less often, unless somebody types. */
export async function refreshReach() {
  if (pace.isDue) await countReach();
}

async function countReach() {
  const number = (newest += 1);
  try {
    const answer = await call("reach", audience());
    if (number !== newest) return;
    showReach(answer);
    pace.note(answer.connections);
  } catch (error) {
    if (number === newest) showProblem(error.message);
  }
}

function showReach({ connections, users, shown }) {
  delete reach.dataset.stale;
  byId("reach-connections").textContent = connections.toLocaleString("en");
  byId("reach-text").textContent =
    `${connections === 1 ? "connection" : "connections"} of ${counted(users, "user")}`;
  showUsers(
    byId("reach-users"),
    shown,
    "No user. An event would be delivered to nobody signed in.",
  );
  byId("reach-more").textContent =
    users > shown.length ? `and ${counted(users - shown.length, "more user")}` : "";
  setProblem("");
  setActions(true);
}

function showProblem(text) {
  reach.dataset.stale = "";
  byId("reach-connections").textContent = "–";
  byId("reach-text").textContent = "connections";
  byId("reach-users").replaceChildren();
  byId("reach-more").textContent = "";
  setProblem(text);
  setActions(false);
}

function setProblem(text) {
  if (problem.textContent !== text) problem.textContent = text;
  problem.hidden = text === "";
  matcher.setAttribute("aria-invalid", String(text !== ""));
}

function setActions(isSound) {
  const { matcher: text, rooms: names } = audience();
  const canRecall = isSound && text.trim() !== "" && names.length === 0;
  byId("send").disabled = !isSound;
  byId("refresh").disabled = !canRecall;
  byId("disconnect").disabled = !canRecall;
}

function onInput() {
  reach.dataset.stale = "";
  setActions(false);
  // What was asked before is not what stands there now.
  newest += 1;
  clearTimeout(timer);
  timer = setTimeout(countReach, TYPING_MS);
}

async function act(path, verb, { body = {}, detail = "", to = "" } = {}) {
  const chosen = audience();
  outcome.textContent = "";
  try {
    const { connections, users } = await call("reach", chosen);
    const count = `${counted(connections, "connection")} of ${counted(users, "user")}`;
    if (!(await confirmed(`${verb} ${to}${count}?`, words(chosen) + detail, verb))) return;
    await call(path, { ...chosen, ...body });
    outcome.textContent = `Done: ${verb.toLowerCase()} ${to}${count}.`;
  } catch (error) {
    outcome.textContent = error.message;
  }
}

function sendEvent() {
  const body = { event: byId("event").value, data: byId("data").value };
  const detail = `\n\nevent: ${body.event}\ndata: ${body.data}`;
  return act("send", "Send", { body, detail, to: "to " });
}

/** Makes the view work. */
export function setUpAudience() {
  for (const text of EXAMPLES) {
    const button = element("button", text);
    button.type = "button";
    button.addEventListener("click", () => {
      matcher.value = text;
      onInput();
    });
    byId("examples").append(button);
  }
  for (const field of [matcher, rooms]) field.addEventListener("input", onInput);
  byId("send").addEventListener("click", sendEvent);
  byId("refresh").addEventListener("click", () => act("refresh", "Refresh"));
  byId("disconnect").addEventListener("click", () => act("disconnect", "Disconnect"));
  setActions(false);
}
