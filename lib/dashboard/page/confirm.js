import { byId } from "./dom.js";

const dialog = byId("confirm");
let answer = () => undefined;

/** Asks the person at the page. Gives true only for the button that says so. */
export function confirmed(question, detail, verb) {
  byId("confirm-question").textContent = question;
  byId("confirm-detail").textContent = detail;
  byId("confirm-yes").textContent = verb;
  dialog.showModal();
  byId("confirm-no").focus();
  return new Promise((resolve) => (answer = resolve));
}

byId("confirm-no").addEventListener("click", () => dialog.close("no"));
byId("confirm-yes").addEventListener("click", () => dialog.close("yes"));
dialog.addEventListener("cancel", () => (dialog.returnValue = "no"));
dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"));
