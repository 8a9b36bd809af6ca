import { ask, call } from "./calls.js";
import { confirmed } from "./confirm.js";
import { byId, counted, element, show } from "./dom.js";
import { timeOf } from "./numbers.js";

const list = byId("runs-list");

/** Shows the runs there are now. */
export async function refreshRuns() {
  try {
    const runs = await ask("runs");
    runs.sort((a, b) => b.since - a.since);
    show(list, runs.length > 0 ? runs.map(itemOf) : [element("li", EMPTY, "empty")]);
  } catch (error) {
    show(list, [element("li", error.message, "error")]);
  }
}

const EMPTY = "No run. What hub.run() produces appears here.";

function itemOf({ id, state, for: meant, followers, events, since }) {
  const item = element("li");
  item.append(
    element("span", id, "name"),
    element("span", state, "count"),
    element("span", counted(followers, "follower"), "count"),
    element("span", counted(events, "event"), "count"),
  );
  if (state === "running") {
    const button = element("button", "Cancel…", "danger");
    button.type = "button";
    button.dataset.run = id;
    button.setAttribute("aria-label", `Cancel the run ${id}`);
    item.append(button);
  }
  const whom = typeof meant === "string" ? meant : JSON.stringify(meant);
  item.append(element("code", `for ${whom}, since ${timeOf(since)}`));
  return item;
}

async function cancel(id) {
  if (
    !(await confirmed(`Cancel the run ${id}?`, "Its source is stopped, on its node.", "End it"))
  ) {
    return;
  }
  try {
    await call("cancel", { id });
  } finally {
    await refreshRuns();
  }
}

/** Makes the view work. */
export function setUpRuns() {
  list.addEventListener("click", ({ target }) => {
    const { run } = target.dataset;
    if (run !== undefined) void cancel(run);
  });
}
