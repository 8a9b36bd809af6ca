import type { LoginNode, TrialUser } from "./login.js";

/** A browser, which asks one node or another with what the answers so far have made of its cookies. */
export class Browser {
  readonly user: TrialUser;
  /** Sent with each request beside the cookies. */
  headers: Readonly<Record<string, string>> = {};
  readonly #nextNode: () => LoginNode;
  readonly #cookies = new Map<string, string>();

  /** @param nextNode gives the node that a request is sent to */
  constructor(user: TrialUser, nextNode: () => LoginNode) {
    this.user = user;
    this.#nextNode = nextNode;
  }

  get cookie(): string | undefined {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? undefined : pairs.join("; ");
  }

  get(path: string): Promise<Response> {
    return this.#ask(path, { method: "GET" });
  }

  post(path: string, body: object = {}): Promise<Response> {
    const headers = { "Content-Type": "application/json" };
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Sends a form. */
  submit(path: string, fields: Record<string, string>): Promise<Response> {
    return this.#ask(path, { method: "POST", body: new URLSearchParams(fields) });
  }

  /** @throws Error unless the answer is one of success, or a redirection */
  async #ask(path: string, init: RequestInit): Promise<Response> {
    const { cookie } = this;
    const headers = new Headers(init.headers);
    if (cookie !== undefined) headers.set("cookie", cookie);
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    const url = new URL(path, this.#nextNode().url);
    const response = await fetch(url, { ...init, redirect: "manual", headers });
    if (response.status >= 400) {
      throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
    }
    response.headers.getSetCookie().forEach((header) => {
      this.take(header);
    });
    return response;
  }

  /** Does with a header Set-Cookie what a browser does. */
  take(header: string): void {
    const [pair = "", ...attributes] = header.split("; ");
    const [name = ""] = pair.split("=", 1);
    const value = pair.slice(name.length + 1);
    const isOver = attributes.some((attribute) => {
      const [key = "", text = ""] = attribute.toLowerCase().split("=");
      return key === "max-age"
        ? Number(text) <= 0
        : key === "expires" && Date.parse(text) <= Date.now();
    });
    if (value === "" || isOver) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
