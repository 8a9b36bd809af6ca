import { administratorOf } from "./administrator.js";
import { copyWith } from "./element.js";

const WAIT_MS = 120;
const SLOW_MS = 400;
const AUDIENCES = {
  all: { name: "everybody", code: "" },
  administrators: { name: "administrators", code: ', { profile: "Administrator" }' },
};

/** The form that says hello: it lights the panes that its audience has, and tells how many it reached. */
export class Composer {
  #form;
  #panes;
  #timer;
  #turn = 0;

  constructor(form, panes) {
    this.#form = form;
    this.#panes = panes;
    form.addEventListener("submit", (submit) => {
      submit.preventDefault();
      this.#send().catch((error) => this.#answer(error.message));
    });
    form.addEventListener("input", () => {
      this.#answer("");
      this.refresh();
    });
    copyWith(this.#find("btnCopyHello"), this.#find("helloCode"));
  }

  /** Looks again whom it would reach: the form or a pane has changed. */
  refresh() {
    const { to, code } = this.#audience();
    this.#find("helloMatcher").hidden = this.#find("helloTo").value !== "matcher";
    const [event, text] = ["helloEvent", "helloText"].map((id) => this.#find(id).value);
    this.#find("helloCode").textContent =
      `await hub.broadcast(${JSON.stringify(event)}, ${JSON.stringify(text)}${code});`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#preview(to), WAIT_MS);
  }

  async #preview(to) {
    const turn = (this.#turn += 1);
    // Nodes are waited for, and one may just have died.
    const slow = setTimeout(() => this.#showReach(turn, null, "Counting."), SLOW_MS);
    try {
      const { panes, text } = await this.#ask(to);
      this.#showReach(turn, panes, text);
    } catch (error) {
      if (turn === this.#turn) this.#answer("");
      this.#showReach(turn, [], error.message);
    } finally {
      clearTimeout(slow);
    }
  }

  /** Which panes an audience has, and how many streams. */
  async #ask(to) {
    if (to === undefined) throw new Error('A matcher is JSON, such as {"login":"bob"}.');
    const sender = administratorOf(this.#panes, "send");
    const { users, reached, of } = await sender.request("api/audience", { to });
    const known = new Set(users.map(({ login, profile }) => `${login} ${profile}`));
    const isMeant = ({ user }) =>
      to === "all" || (user !== null && known.has(`${user.login} ${user.profile}`));
    const panes = this.#panes.filter((pane) => pane.state === "connected" && isMeant(pane));
    return { panes, text: `Would reach ${reached} of ${of}.` };
  }

  /** @param panes `null` while they are not known */
  #showReach(turn, panes, text) {
    if (turn !== this.#turn) return;
    if (panes !== null) this.#light(panes);
    this.#find("helloReach").textContent = text;
  }

  async #send() {
    const { to } = this.#audience();
    const [event, text] = ["helloEvent", "helloText"].map((id) => this.#find(id).value);
    const { reached, of } = await administratorOf(this.#panes, "send").request("api/hello", {
      event,
      text,
      to,
    });
    this.#answer(`Sent: reached ${reached} of ${of}.`);
  }

  #audience() {
    const to = this.#find("helloTo").value;
    if (to !== "matcher") return { to, code: AUDIENCES[to].code };
    const text = this.#find("helloMatcher").value;
    return { to: objectIn(text), code: `, ${text}` };
  }

  #light(panes) {
    for (const pane of this.#panes) pane.light(panes.includes(pane));
  }

  #answer(text) {
    this.#find("helloAnswer").textContent = text;
  }

  #find(id) {
    return this.#form.querySelector(`#${id}`);
  }
}

/** Says who an audience is. */
export function nameAudience(to) {
  return AUDIENCES[to]?.name ?? JSON.stringify(to);
}

function objectIn(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
