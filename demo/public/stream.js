import { connect } from "/express-sse-hub/client.js";

const WHY_REFUSED = { unauthorized: "sign in first", forbidden: "this is not for this user" };

/** One stream at a time, as the page shows it: what state it is in, and why. */
export class Stream {
  #stream = null;
  #listeners;

  /**
   * @param listeners `onState(state, detail)`, `onEvent(event, text)`, `onNode(name)` and `onCount(count)`
   * where there are several nodes, and `onHole()` when the hub tells that something is gone
   */
  constructor(listeners) {
    this.#listeners = listeners;
  }

  /** True from `open` to `close`, even while the server refuses or is away. */
  get isWanted() {
    return this.#stream !== null;
  }

  open(url) {
    this.#stream?.close();
    this.#stream = connect(url);
    this.#listen(this.#stream);
  }

  close() {
    this.#stream?.close();
    this.#stream = null;
    this.#listeners.onState("disconnected", "Connect to listen.");
  }

  #listen(stream) {
    const { onState, onEvent, onNode, onCount, onHole } = this.#listeners;
    let whyAway = "The connection was lost.";
    onState("connecting", "Waiting for the server.");
    stream.on("message", (text) => onEvent("message", text));
    stream.on("node", onNode);
    stream.onJson("count", onCount);
    stream.onGap(onHole);
    // From here on the stream is in the hub's audience.
    stream.onOpen((verdict) => {
      whyAway = "The connection was lost.";
      if (verdict.recovered !== true) onHole();
      onState("connected", describeOpening(verdict));
    });
    stream.onEnd((reason, { isFinal }) => {
      if (isFinal) onState("error", WHY_REFUSED[reason] ?? reason);
      else whyAway = `The server ended the stream: ${reason}.`;
    });
    stream.onState((state, waiting) => {
      if (state === "waiting") onState("connecting", describeWaiting(waiting) ?? whyAway);
    });
  }
}

function describeOpening({ recovered }) {
  if (recovered === null) return "Listening from now on.";
  return recovered ? "Back, and caught up." : "Back. What was missed is gone.";
}

function describeWaiting({ status, error }) {
  if (error !== undefined) return "The server does not answer yet.";
  return status === undefined ? undefined : `The server answered ${status}.`;
}
