import { follow } from "/express-sse-hub/client.js";
import { copyWith } from "./element.js";

const STATES = {
  connecting: "connecting",
  open: "running",
  waiting: "reconnecting",
  unknown: "forgotten",
  unauthorized: "alice has to sign in first",
};

/** A tab with one run of alice's: it is begun here, survives a reload, and can be stopped. */
export class RunTab {
  #part;
  #path;
  #show;
  #run = null;

  /**
   * @param path where the run is begun
   * @param show shows what has come of it: `show(run, output)`
   */
  constructor(part, path, show) {
    this.#part = part;
    this.#path = path;
    this.#show = show;
    this.#find("start").addEventListener("click", () => this.#begin());
    this.#find("stop").addEventListener("click", () => this.#stop());
    this.#find("other").addEventListener("click", () => this.#tryAsBob());
    copyWith(this.#find("copy"), this.#find("code"));
    const url = sessionStorage.getItem(path);
    if (url !== null) this.#follow(follow(url));
  }

  #begin() {
    this.#run?.close();
    this.#find("told").textContent = "";
    this.#follow(follow(this.#path, { method: "POST" }));
  }

  #follow(run) {
    this.#run = run;
    const refresh = () => {
      if (run !== this.#run) return;
      if (run.state === "open") sessionStorage.setItem(this.#path, run.url);
      this.#showRun(run);
    };
    run.subscribe(refresh);
    refresh();
  }

  #showRun(run) {
    const isOver = !["connecting", "open", "waiting"].includes(run.state);
    this.#find("state").textContent = STATES[run.state] ?? run.state;
    this.#find("state").dataset.state = run.state;
    this.#find("start").disabled = !isOver;
    this.#find("stop").disabled = isOver;
    this.#find("other").disabled = run.state !== "open";
    this.#show(run, this.#find("output"));
  }

  async #stop() {
    try {
      await this.#run.cancel();
    } catch (error) {
      this.#find("told").textContent = error.message;
    }
  }

  /** Asks for alice's run with bob's session. */
  async #tryAsBob() {
    const url = this.#run.url.replace("/alice/", "/bob/");
    const { status } = await fetch(url, { headers: { Accept: "text/event-stream" } });
    const why = status === 404 ? "for bob there is no such run" : "bob may not";
    this.#find("told").textContent = `Answered with ${status}: ${why}.`;
  }

  #find(name) {
    return this.#part.querySelector(`[data-name=${name}]`);
  }
}
