import { connect } from "/express-sse-hub/client.js";
import { Network } from "./network.js";

const WHY_REFUSED = { unauthorized: "sign in first", forbidden: "this is not for this user" };
// A pane that was offline is back within seconds.
const MAX_RETRY_MS = 1_500;

/** One stream at a time, as a pane shows it: what state it is in, and why. */
export class Stream {
  #stream = null;
  #network = new Network();
  #listeners;

  /**
   * @param listeners `onState(state, detail)`, `onOpen(verdict)`, `onAway(why)` and `onEvent({ event, data, id })`
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
    this.#stream = connect(url, { fetch: this.#network.fetch, maxRetryMs: MAX_RETRY_MS });
    this.#listen(this.#stream);
    this.#read(this.#stream).catch(() => undefined);
  }

  close() {
    this.#stream?.close();
    this.#stream = null;
    this.#listeners.onState("disconnected", "Connect to listen.");
  }

  cut() {
    this.#network.cut();
  }

  mend() {
    this.#network.mend();
  }

  /** Ends with the stream; throws where the server refuses it, which `onEnd` tells. */
  async #read(stream) {
    for await (const event of stream) this.#listeners.onEvent(event);
  }

  #listen(stream) {
    const { onState, onOpen, onAway } = this.#listeners;
    let why = null;
    onState("connecting", "Waiting for the server.");
    // From here on the stream is in the hub's audience.
    stream.onOpen((verdict) => {
      why = null;
      onOpen(verdict);
      onState("connected", describeOpening(verdict));
    });
    stream.onEnd((reason, { isFinal }) => {
      if (isFinal) return onState("error", WHY_REFUSED[reason] ?? reason);
      why = reason;
      return onAway(`hub:end ${reason}`);
    });
    stream.onState((state, waiting) => {
      if (state !== "waiting") return;
      if (why === null) onAway("connection lost");
      why ??= "lost";
      onState("connecting", this.#network.isCut ? "Offline." : describeWaiting(waiting, why));
    });
  }
}

function describeOpening({ recovered }) {
  if (recovered === null) return "Listening from now on.";
  return recovered ? "Back, and caught up." : "Back. What was missed is gone.";
}

function describeWaiting({ status, error }, why) {
  if (error !== undefined) return "The server does not answer yet.";
  if (status !== undefined) return `The server answered ${status}.`;
  return why === "lost" ? "The connection was lost." : `The server ended the stream: ${why}.`;
}
