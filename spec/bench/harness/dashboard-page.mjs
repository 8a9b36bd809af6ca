import http from "node:http";

const EVERY_MS = 1_000;

/** Asks a dashboard for what its page asks for, as long as it is open. */
export class DashboardPage {
  #base;
  #view;
  #token;
  #stream;
  #timer;
  #after = "";
  #trouble = null;
  #notBefore = 0;

  /**
   * Resolves when it is told numbers.
   *
   * @param view which view is looked at
   */
  static async open(url, view) {
    const page = new DashboardPage();
    page.#base = `${url}/sse-admin/`;
    page.#view = view;
    await page.#listen();
    page.#timer = setInterval(() => {
      page.#ask().catch((error) => (page.#trouble ??= error));
    }, EVERY_MS);
    return page;
  }

  /** Throws what a call was answered that failed. */
  close() {
    clearInterval(this.#timer);
    this.#stream.destroy();
    if (this.#trouble !== null) throw this.#trouble;
  }

  #listen() {
    return new Promise((resolve, reject) => {
      const request = http.get(`${this.#base}stream`, { headers: { accept: "text/event-stream" } });
      this.#stream = request;
      let text = "";
      request.on("error", reject).on("response", (response) => {
        response.setEncoding("utf8").on("data", (more) => {
          text += more;
          const welcome = /event: welcome\ndata: (.*)\n/.exec(text);
          if (welcome === null) return;
          if (this.#token === undefined) this.#token = JSON.parse(welcome[1]).token;
          text = welcome[0];
          resolve();
        });
      });
    });
  }

  async #ask() {
    if (this.#view === "audience") await this.#count();
    if (this.#view === "online") await this.#list();
    if (this.#view !== "log") return;
    this.#after = JSON.parse(await this.#send("GET", `log?after=${this.#after}`)).at;
  }

  async #count() {
    if (Date.now() < this.#notBefore) return;
    const { connections } = JSON.parse(await this.#send("POST", "reach", "{}"));
    this.#pause(connections, 0.3);
  }

  async #list() {
    if (Date.now() < this.#notBefore) return;
    const { all } = JSON.parse(await this.#send("GET", "users?sort=connections&page=1"));
    this.#pause(all, 0.4);
  }

  // As pace.js does.
  #pause(count, msPerOne) {
    this.#notBefore = Date.now() + Math.max(0, count * msPerOne - 200);
  }

  #send(method, path, body) {
    const headers = {
      "content-type": "application/json",
      "sec-fetch-site": "same-origin",
      "sse-dashboard-token": this.#token,
    };
    return new Promise((resolve, reject) => {
      const request = http.request(this.#base + path, { method, headers });
      request.on("error", reject).on("response", (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => {
          const text = Buffer.concat(parts).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`The dashboard answered ${response.statusCode}: ${text}`));
        });
      });
      request.end(body);
    });
  }
}
