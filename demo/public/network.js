/** The network of one pane, which can be cut: what is open breaks, and nothing new gets through. */
export class Network {
  #cut = new AbortController();

  /** As the global `fetch`. */
  fetch = (url, init) => {
    return fetch(url, { ...init, signal: AbortSignal.any([init.signal, this.#cut.signal]) });
  };

  get isCut() {
    return this.#cut.signal.aborted;
  }

  cut() {
    this.#cut.abort(new TypeError("This pane is offline."));
  }

  mend() {
    this.#cut = new AbortController();
  }
}
