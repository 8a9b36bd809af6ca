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
      element("span", nameOf(user), "name"),
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

const NAMES = ["name", "displayName", "username", "login", "email", "id", "sub"];

function nameOf(user) {
  const key = NAMES.find((name) => ["string", "number"].includes(typeof user[name]));
  return key === undefined ? "User" : String(user[key]);
}
