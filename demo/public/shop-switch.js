import { administratorOf } from "./administrator.js";

/** The switch of the made-up shop. It follows the server: another page may have switched it. */
export class ShopSwitch {
  #part;
  #panes;

  /** @param part of the page; shown once the server says that there is a shop */
  constructor(part, panes) {
    this.#part = part;
    this.#panes = panes;
    this.#box.addEventListener("change", ({ target }) => {
      this.#switchTo(target.checked).catch((error) => {
        target.checked = !target.checked;
        this.#part.querySelector("[role=status]").textContent = error.message;
      });
    });
  }

  show(isOpen) {
    this.#part.hidden = false;
    this.#box.checked = isOpen;
    this.#part.querySelector("[role=status]").textContent = "";
  }

  async #switchTo(isOpen) {
    await administratorOf(this.#panes, "open or close the shop").request("api/shop", { isOpen });
  }

  get #box() {
    return this.#part.querySelector("input");
  }
}
