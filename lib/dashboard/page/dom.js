import { nameOf } from "../user-name.ts";

/** What to call a user. */
export const userName = nameOf;

/** An element of the page by its id. */
export const byId = (id) => document.getElementById(id);

/** An element with text in it. What comes from a server is never read as HTML. */
export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/** A number and what it counts. */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Shows users with their connections. Nothing is touched that stays as it was. */
export function showUsers(list, users, empty) {
  const items = users.map(({ user, connections }) => {
    const item = element("li");
    item.append(
      element("span", userName(user), "name"),
      element(
        "span",
        connections === 0 ? "just left" : counted(connections, "connection"),
        "count",
      ),
      element("code", JSON.stringify(user)),
    );
    return item;
  });
  show(list, items.length > 0 ? items : [element("li", empty, "empty")]);
}

/** Shows these items, unless they are there already. */
export function show(list, items) {
  const isSame =
    list.children.length === items.length &&
    items.every((item, index) => item.isEqualNode(list.children[index]));
  if (!isSame) list.replaceChildren(...items);
}

/** Shows pairs of a name and a value in a `dl`. */
export function showPairs(list, pairs) {
  const items = pairs.map(([name, value]) => {
    const pair = element("div");
    pair.append(element("dt", name), element("dd", value));
    return pair;
  });
  show(list, items);
}

/** Writes a text, unless it stands there already; one that is empty is hidden. */
export function setText(id, text) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
  place.hidden = text === "";
}

/** A row of a table: the first cell is its head. */
export function cells([head, ...texts]) {
  const row = element("tr");
  const first = element("th", head);
  first.scope = "row";
  row.append(first, ...texts.map((text) => element("td", text)));
  return row;
}
