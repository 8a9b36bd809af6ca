import { ask } from "./calls.js";
import { byId, counted, showUsers } from "./dom.js";

const TYPING_MS = 150;

const search = byId("search");
let page = 1;
let newest = 0;
let timer;

/** Shows who is online now. */
export async function refreshOnline() {
  const number = (newest += 1);
  try {
    const query = new URLSearchParams({ search: search.value, page: String(page) });
    const found = await ask(`users?${query}`);
    if (number === newest) showFound(found);
  } catch (error) {
    if (number === newest) byId("online-total").textContent = error.message;
  }
}

function showFound({ total, page: shown, pages, users }) {
  page = shown;
  const isSearch = search.value.trim() !== "";
  byId("online-total").textContent = `${counted(total, "user")}${isSearch ? " found" : " online"}`;
  showUsers(
    byId("online-users"),
    users,
    isSearch
      ? "No user matches."
      : "Nobody is online. Open a page with a stream to see its user here.",
  );
  byId("online-page").textContent = `Page ${shown} of ${pages}`;
  byId("earlier").disabled = shown <= 1;
  byId("later").disabled = shown >= pages;
}

function turn(by) {
  page += by;
  void refreshOnline();
}

/** Makes the view work. */
export function setUpOnline() {
  search.addEventListener("input", () => {
    page = 1;
    clearTimeout(timer);
    timer = setTimeout(refreshOnline, TYPING_MS);
  });
  byId("earlier").addEventListener("click", () => turn(-1));
  byId("later").addEventListener("click", () => turn(1));
}
