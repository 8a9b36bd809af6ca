import { ask } from "./calls.js";
import { byId, setText } from "./dom.js";
import { EntryList } from "./entries.js";

let entries;

/** Shows what has come to the log. */
export async function refreshLog() {
  if (entries.isHeld) return;
  try {
    entries.add(await ask(`log?after=${encodeURIComponent(entries.at)}`));
    setText("log-error", "");
  } catch (error) {
    setText("log-error", error.message);
  }
}

/** Makes the view work. */
export function setUpLog() {
  entries = new EntryList({
    list: byId("log-entries"),
    pause: byId("log-pause"),
    empty: "The log is empty. What the application broadcasts appears here.",
  });
}
