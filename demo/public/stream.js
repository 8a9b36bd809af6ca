/**
 * One stream at a time, and what state it is in. A server that ends it, or is away, is no reason to do
 * anything: EventSource comes back by itself, with the cursor that brings what was missed.
 */
export class Stream {
  #source = null;
  #listeners;

  /**
   * @param listeners `onState(state, detail)`, `onEvent(event)`, `onNode(name)` and `onCount(count)`
   * where there are several nodes, `onHole()` when the hub tells that something is gone, and
   * `onRefused()`, which resolves with the reason: EventSource does not tell the status it was
   * answered with.
   */
  constructor(listeners) {
    this.#listeners = listeners;
  }

  /** True from `open` to `close`, even while the server refuses or is away. */
  get isWanted() {
    return this.#source !== null;
  }

  open(url) {
    this.#source?.close();
    this.#source = this.#connect(url);
  }

  close() {
    this.#source?.close();
    this.#source = null;
    this.#listeners.onState("disconnected", "Connect to listen.");
  }

  #connect(url) {
    const { onState, onEvent, onNode, onCount, onHole } = this.#listeners;
    const source = new EventSource(url);
    let whyAway = "The server does not answer yet.";
    onState("connecting", "Waiting for the server.");
    source.addEventListener("message", onEvent);
    source.addEventListener("node", ({ data }) => onNode(data));
    source.addEventListener("count", ({ data }) => onCount(Number(data)));
    source.addEventListener("hub:gap", onHole);
    // The hub's first event: from here on the stream is in its audience.
    source.addEventListener("hub:open", ({ data }) => {
      whyAway = "The connection was lost.";
      const opening = JSON.parse(data);
      if (opening.recovered !== true) onHole();
      onState("connected", describeOpening(opening));
    });
    source.addEventListener("hub:end", ({ data }) => {
      whyAway = `The server ended the stream: ${JSON.parse(data).reason}.`;
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) this.#explainRefusal(source);
      else onState("connecting", whyAway);
    });
    return source;
  }

  async #explainRefusal(source) {
    const reason = await this.#listeners.onRefused();
    // Meanwhile the user may have disconnected, or opened another.
    if (this.#source === source) this.#listeners.onState("error", reason);
  }
}

function describeOpening({ recovered }) {
  if (recovered === null) return "Listening from now on.";
  return recovered ? "Back, and caught up." : "Back. What was missed is gone.";
}
