import { ask } from "./calls.js";
import { byId, counted, element, setText, show, userName } from "./dom.js";
import { Pace } from "./pace.js";
import { timeOf } from "./numbers.js";

const TYPING_MS = 150;

const [search, sort] = [byId("search"), byId("sort")];
let page = 1;
let newest = 0;
let timer;
// 10 000 users are listed every four seconds, a few every second.
const pace = new Pace(0.4);

/** Shows who is online now; where there are very many less often, unless somebody types or turns. */
export async function refreshOnline() {
  if (pace.isDue) await askWho();
}

async function askWho() {
  const number = (newest += 1);
  try {
    const query = new URLSearchParams({
      search: search.value,
      sort: sort.value,
      page: String(page),
    });
    const found = await ask(`users?${query}`);
    if (number !== newest) return;
    showFound(found);
    pace.note(found.all);
  } catch (error) {
    if (number === newest) setText("online-total", error.message);
  }
}

function showFound({ total, page: shown, pages, users }) {
  page = shown;
  const isSearch = search.value.trim() !== "";
  setText("online-total", `${counted(total, "user")}${isSearch ? " found" : " online"}`);
  const empty = isSearch
    ? "No user matches."
    : "Nobody is online. Open a page with a stream to see its user here.";
  show(
    byId("online-users"),
    users.length > 0 ? users.map(itemOf) : [element("li", empty, "empty")],
  );
  byId("online-page").textContent = `Page ${shown} of ${pages}`;
  byId("earlier").disabled = shown <= 1;
  byId("later").disabled = shown >= pages;
}

function itemOf({ key, user, connections, shown }) {
  const item = element("li");
  const name = element("a", userName(user), "name");
  name.href = `#user=${encodeURIComponent(key)}`;
  const count = connections === 0 ? "just left" : counted(connections, "connection");
  item.append(name, element("span", count, "count"), element("code", JSON.stringify(user)));
  const list = element("ul", "", "connections");
  list.append(...shown.map((one) => element("li", wordsOf(one))));
  if (connections > shown.length && shown.length > 0) {
    list.append(element("li", `and ${connections - shown.length} more`));
  }
  if (shown.length > 0) item.append(list);
  return item;
}

function wordsOf({ node, since, rooms, verdict, isBehind, address }) {
  return [
    node.name,
    `since ${timeOf(since)}`,
    verdict ?? "own stream",
    rooms.length === 0 ? [] : `in ${rooms.join(", ")}`,
    isBehind ? "behind" : [],
    address ?? [],
  ]
    .flat()
    .join(" · ");
}

function turn(by) {
  page += by;
  void askWho();
}

function begin() {
  page = 1;
  clearTimeout(timer);
  timer = setTimeout(askWho, TYPING_MS);
}

/** Makes the view work. */
export function setUpOnline() {
  search.addEventListener("input", begin);
  sort.addEventListener("change", begin);
  byId("earlier").addEventListener("click", () => turn(-1));
  byId("later").addEventListener("click", () => turn(1));
}
