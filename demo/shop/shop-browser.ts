import { connect, type SseStream } from "express-sse-hub/client";

/** What a browser is to the made-up shop: it keeps one cookie, asks, and opens streams. */
export class ShopBrowser {
  readonly #url: string;
  readonly #signal: AbortSignal;
  #cookie = "";

  /**
   * @param url of the shop's routes
   * @param signal ends what is under way
   */
  constructor(url: string, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  /** Posts JSON. Rejects for an answer that is an error, and at the signal. */
  async post(path: string, body: object): Promise<void> {
    const response = await fetch(this.#url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Cookie: this.#cookie },
      body: JSON.stringify(body),
      signal: this.#signal,
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}.`);
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.#cookie = cookie.split(";", 1).join();
  }

  /** Opens the stream of whoever is signed in; it lasts until it is closed, or until the signal. */
  open(): SseStream {
    return connect(`${this.#url}/sse`, {
      headers: () => ({ Cookie: this.#cookie }),
      signal: this.#signal,
    });
  }
}
