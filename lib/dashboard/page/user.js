import { ask } from "./calls.js";
import { byId, cells, element, setText, show, userName } from "./dom.js";
import { EntryList } from "./entries.js";
import { timeOf, whole } from "./numbers.js";

let entries;
let key = "";

/** From here on this user is looked at. */
export function lookAtUser(wanted) {
  if (key === wanted) return;
  key = wanted;
  entries.clear();
  byId("user-title").textContent = "…";
  byId("user-tag").textContent = "";
  byId("user-connections").replaceChildren();
}

/** Shows the user's connections, and what has been delivered. */
export async function refreshUser() {
  const asked = key;
  try {
    const query = new URLSearchParams({ key, after: entries.at });
    const answer = await ask(`user?${query}`);
    if (key !== asked) return;
    showUser(answer);
    entries.add(answer);
    setText("user-error", "");
  } catch (error) {
    setText("user-error", error.message);
  }
}

function showUser({ user, connections }) {
  byId("user-title").textContent = user === null ? "Not connected" : userName(user);
  byId("user-tag").textContent = user === null ? "" : JSON.stringify(user);
  const hasAddresses = connections.some(({ address }) => address !== undefined);
  byId("user-address").hidden = !hasAddresses;
  const rows = connections.map((connection) => {
    const { node, since, rooms, verdict, isBehind, address = "" } = connection;
    return cells([
      node.name,
      timeOf(since),
      rooms.join(", ") || "none",
      verdict ?? "own stream",
      isBehind ? "yes" : "no",
      ...(hasAddresses ? [address] : []),
    ]);
  });
  const empty = element("tr");
  const cell = element("td", "No connection at the moment.", "empty");
  cell.colSpan = hasAddresses ? 6 : 5;
  empty.append(cell);
  show(byId("user-connections"), rows.length > 0 ? rows : [empty]);
  byId("user-count").textContent = whole(connections.length);
}

/** Makes the view work. */
export function setUpUser() {
  entries = new EntryList({
    list: byId("user-entries"),
    pause: byId("user-pause"),
    empty: "Nothing yet. What is delivered to this user from now on appears here.",
  });
}
