import { CountCheck } from "./count-check.js";
import { copyWith } from "./element.js";
import { EventList } from "./event-list.js";
import { paneCode } from "./pane-code.js";
import { requestJson } from "./request-json.js";
import { Stream } from "./stream.js";
import { TimeLine } from "./time-line.js";

const OFFLINE_S = 10;
const LOGINS = [
  ["alice", "btnAlice"],
  ["bob", "btnBob"],
];

/** One session: who it is, its stream, and what it has received. */
export class Pane {
  user = null;
  state = "waiting";
  /** The node that holds its stream, where there are several. */
  node = null;
  counts;
  #settings;
  #part;
  #events;
  #timeLine;
  #stream;
  #isCounting = true;
  #how = "live";
  #replayed = 0;

  /**
   * @param settings `name`, `path` of the session's cookie; `login` of who signs in when the page opens, if anybody;
   * `onBecome()` when this page has signed in or out, `onChange()`, `onSent(sent)`, `onState(state)` with what runs beside
   * the server, and `onCount()`
   */
  constructor(part, settings) {
    this.#part = part;
    this.#settings = settings;
    this.#events = new EventList(this.find("events"));
    this.counts = new CountCheck(this.find("count"));
    this.#timeLine = new TimeLine(this.find("timeLineBegin"), this.find("timeLine"));
    this.#stream = new Stream({
      onState: (state, detail) => this.#showState(state, detail),
      onOpen: (verdict) => this.#onOpen(verdict),
      onAway: (why) => this.#timeLine.begin(why),
      onEvent: (event) => this.#onEvent(event),
    });
    this.#listen();
  }

  get name() {
    return this.#settings.name;
  }

  /** Whose pane it is at the moment, in a word. */
  get who() {
    return this.user?.login ?? "a visitor";
  }

  /** An element of this pane, by its name. */
  find(name) {
    return this.#part.querySelector(`[data-name=${name}]`);
  }

  /** Signs in, if somebody is to, and connects. */
  async start() {
    await this.refreshUser();
    if (this.user === null && this.#settings.login !== undefined) {
      this.#showUser((await this.request("api/login", { login: this.#settings.login })).user);
    }
    this.connect();
  }

  request(path, body) {
    return requestJson(this.#settings.path + path, body);
  }

  connect() {
    this.#timeLine.begin("connecting");
    const query = this.#isCounting ? "marks&counts" : "marks";
    this.#stream.open(`${this.#settings.path + this.find("stream").value}?${query}`);
  }

  /** Whether it is sent the numbers of a server that counts. */
  countAlong(isCounting) {
    this.#isCounting = isCounting;
    this.counts.stop();
    if (this.#stream.isWanted) this.connect();
  }

  addAudience(id, audience) {
    this.#events.addAudience(id, audience);
  }

  /** Shows whether the event that is composed would be delivered here. */
  light(isLit) {
    this.#part.classList.toggle("lit", isLit);
    const isNot =
      this.state === "connected" ? `is not for ${this.who}` : "would not arrive here now";
    this.find("empty").textContent = isLit
      ? `This event would be delivered to ${this.who}.`
      : `This event ${isNot}.`;
  }

  /** Another tab has signed in or out. */
  follow() {
    return this.#follow(this.request("api/me"));
  }

  async refreshUser() {
    this.#showUser((await this.request("api/me")).user);
  }

  #listen() {
    const on = (name, code, act) => {
      this.find(name).addEventListener("click", () => {
        this.find("code").textContent = code;
        act();
      });
    };
    on("btnConnect", paneCode.connect, () => this.connect());
    on("btnDisconnect", paneCode.disconnect, () => this.#stream.close());
    on("btnSignOut", paneCode.logout, () => this.#become("api/logout", {}));
    on("btnProfile", paneCode.profile, () => this.#changeProfile());
    on("btnOffline", paneCode.offline, () => this.#goOffline());
    for (const [login, button] of LOGINS) {
      on(button, paneCode.login, () => this.#become("api/login", { login }));
    }
    this.find("stream").addEventListener("change", ({ target }) => {
      this.find("code").textContent =
        target.value === "api/test/sse" ? paneCode.connect : paneCode.private;
      if (this.#stream.isWanted) this.connect();
    });
    this.find("action").open = matchMedia("(min-width: 54rem)").matches;
    copyWith(this.find("btnCopy"), this.find("code"));
    this.find("code").textContent = paneCode.connect;
  }

  /**
   * Signs in or out. When a session changes, the server ends its streams, and they return by themselves, with
   * their cursor. A stream that nobody in particular opened has no session that could tell.
   */
  async #become(path, body) {
    try {
      await this.#follow(this.request(path, body));
      this.#settings.onBecome();
    } catch (error) {
      this.find("detail").textContent = error.message;
    }
  }

  /** Takes over who the session belongs to now. */
  async #follow(asked) {
    const wasNobody = this.user === null;
    this.#showUser((await asked).user);
    if (wasNobody && this.user !== null && this.#stream.isWanted) this.connect();
  }

  #changeProfile() {
    const profile = this.user.profile === "Viewer" ? "Administrator" : "Viewer";
    return this.#become("api/profile", { profile });
  }

  #goOffline() {
    this.find("btnOffline").disabled = true;
    this.#stream.cut();
    let left = OFFLINE_S;
    const tick = () => {
      this.find("btnOffline").textContent = left > 0 ? `Offline: ${left} s` : "Go offline for 10 s";
      if (left > 0) {
        left -= 1;
        setTimeout(tick, 1_000);
        return;
      }
      this.#stream.mend();
      this.find("btnOffline").disabled = false;
    };
    tick();
  }

  #onOpen({ recovered }) {
    this.#how = recovered === true ? "replayed" : "live";
    this.#replayed = 0;
    if (recovered === null) {
      this.counts.beginAnew();
      this.#timeLine.begin("connected");
    } else this.#timeLine.add("return");
    if (recovered === false) this.#timeLine.add("missed events are gone");
    // The session may have changed elsewhere, which ends a stream on the server's side.
    this.refreshUser().catch(() => undefined);
  }

  #onEvent({ event, data, id }) {
    const { onCount, onSent, onState } = this.#settings;
    if (event === "demo:sent") onSent(data);
    else if (event === "demo:live") this.#goLive();
    else if (event === "demo:state") onState(data);
    else if (event === "node") this.#moveTo(data);
    else {
      if (this.#how === "replayed") this.#replayed += 1;
      if (event === "count") {
        this.counts.add(data);
        onCount();
      } else this.#events.add({ event, data, id }, this.#how, this.node);
    }
  }

  #moveTo(node) {
    this.node = node;
    this.#settings.onChange();
  }

  #goLive() {
    if (this.#how === "replayed") this.#timeLine.add(`replayed ${this.#replayed}`);
    this.#how = "live";
    this.#timeLine.add("live");
  }

  #showState(state, detail) {
    const isError = state === "error";
    this.state = state;
    this.find("status").dataset.state = state;
    this.find("status").textContent = isError ? `error: ${detail}` : state;
    this.find("detail").textContent = isError ? "A refused stream stays closed." : detail;
    this.find("btnDisconnect").disabled = !this.#stream.isWanted;
    this.find("btnOffline").disabled = state !== "connected";
    this.#settings.onChange();
  }

  /** What a user received is marked as such once that user has gone, and cleared for the next one. */
  #showUser(user) {
    if (this.user !== null && this.user.login !== user?.login) {
      this.#events.markAsOf(this.user.login);
    }
    if (user !== null && this.user?.login !== user.login) this.#events.clearMarked();
    this.user = user;
    this.find("user").textContent = this.who;
    this.find("profile").textContent = user?.profile ?? "not signed in";
    this.find("btnSignOut").disabled = user === null;
    this.find("btnProfile").disabled = user === null;
    const other = user?.profile === "Administrator" ? "a viewer" : "an administrator";
    this.find("btnProfile").textContent = `Make ${user?.login ?? "bob"} ${other}`;
    for (const [login, button] of LOGINS) {
      this.find(button).setAttribute("aria-pressed", String(login === user?.login));
    }
    this.#settings.onChange();
  }
}
