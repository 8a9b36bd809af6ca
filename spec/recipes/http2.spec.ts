import { writeFileSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { NGINX, nginxConfig, startFront } from "../support/front.js";
import { describeBehindNginx } from "../support/nginx.js";
import { selfSigned } from "../support/self-signed.js";
import { askFrom } from "./ask-from.js";
import { runRecipe } from "./run-recipe.js";
import { shownTexts } from "./shown-texts.js";

const SETTINGS = readFileSync(
  join(__dirname, "../../demo/recipes/proxies/nginx-http2.conf"),
  "utf8",
);
const TABS = 20;

describeBehindNginx("the recipe for HTTP/2 at nginx", () => {
  const recipe = runRecipe("http2");

  /** Starts nginx with the recipe's settings, and gives its address. */
  async function startNginx(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "sse-hub-recipe-"));
    onTestEnd(() => {
      rmSync(folder, { recursive: true });
    });
    const { key, cert } = selfSigned();
    writeFileSync(join(folder, "key.pem"), key);
    writeFileSync(join(folder, "cert.pem"), cert);
    const address = await startFront(NGINX, (port) =>
      nginxConfig(
        SETTINGS.replace("listen 443", `listen 127.0.0.1:${port}`)
          .replace("/etc/ssl/certs/application.pem", join(folder, "cert.pem"))
          .replace("/etc/ssl/private/application.pem", join(folder, "key.pem"))
          .replaceAll("127.0.0.1:3000", `127.0.0.1:${recipe.port}`),
      ),
    );
    return address.replace("http:", "https:");
  }

  it("tells the application whom nginx speaks for", async () => {
    const url = await startNginx();

    expect(await askFrom("127.0.0.2", `${url}/me`)).toEqual({
      address: "127.0.0.2",
      protocol: "https",
    });
  });

  describeInBrowser("in a browser", (windows) => {
    it("lets twenty tabs have a stream each", async () => {
      const url = await startNginx();
      const first = await windows.open(url, { ignoreHTTPSErrors: true });
      const others = Array.from({ length: TABS - 1 }, () => windows.openBeside(first, url));
      const tabs = [first, ...(await Promise.all(others))];
      await Promise.all(tabs.map((tab) => tab.locator("#hello:enabled").waitFor()));

      await first.click("#hello");

      const shown = tabs.map((tab) => shownTexts(tab, "#protocol, li", 2));
      expect(await Promise.all(shown)).toEqual(tabs.map(() => ["h2", `hello to ${TABS} tabs`]));
    });

    it("is needed: over HTTP/1.1 the seventh stream waits for another to end", async () => {
      const page = await windows.open(recipe.url);
      await page.locator("#hello:enabled").waitFor();

      // The page has a stream already. What is asked of another host is not held up.
      const states = await page.evaluate(`(async () => {
        const open = () => new EventSource("/events");
        const isOpen = (stream) => new Promise((resolve) => (stream.onopen = resolve));
        const streams = Array.from({ length: 5 }, open);
        await Promise.all(streams.map(isOpen));
        const seventh = open();
        const isSeventhOpen = isOpen(seventh);
        await fetch("http://127.0.0.1:${recipe.port}/", { mode: "no-cors" });
        const before = seventh.readyState;
        streams[0].close();
        await isSeventhOpen;
        return [before, seventh.readyState];
      })()`);

      const [CONNECTING, OPEN] = [0, 1];
      expect(states).toEqual([CONNECTING, OPEN]);
    });

    // Last: there is no application any more.
    it("has tabs come back later while the application is not there", async () => {
      const page = await windows.open(await startNginx(), { ignoreHTTPSErrors: true });
      await recipe.end();

      const answer = await page.evaluate(`fetch("/events").then(async (response) => [
        response.status,
        response.headers.get("Content-Type"),
        await response.text(),
      ])`);

      expect(answer).toEqual([200, "text/event-stream", "retry: 3000\n\n"]);
    });
  });
});
