import { join } from "node:path";
import { describeFrontEndsInBrowser } from "../frontends/front-ends.js";
import { startServer } from "../frontends/started.js";
import { run } from "../package/run.js";

const RECIPE = join(__dirname, "../../demo/recipes/vite");
const BUILD_MS = 120_000;

const post = async (url: string) => {
  const { status } = await fetch(url, { method: "POST" });
  expect(status).toBe(204);
};

describeFrontEndsInBrowser("the recipes with Vite", (frontEnds, windows) => {
  let project: string;
  let vite: string;

  beforeAll(async () => {
    project = await frontEnds.copyOf(RECIPE);
    vite = frontEnds.programOf("vite", "bin/vite.js");
    await run(process.execPath, [vite, "build"], project, { NODE_ENV: "production" });
  }, BUILD_MS);

  const startRecipe = () => startServer(() => ["server.js"], project);
  const startVite = (server: string) =>
    startServer((port) => [vite, "--port", port, "--strictPort"], project, { SERVER_URL: server });

  const openPage = async (url: string) => {
    const page = await windows.open(url);
    const shows = async (text: string) => {
      await page.waitForFunction(
        `document.querySelector("p")?.textContent === ${JSON.stringify(text)}`,
      );
      return page.textContent("p");
    };
    return { page, shows };
  };

  it.each(["react", "vue", "svelte"])(
    "show the newest price with %s, as built and in development",
    async (name) => {
      const server = await startRecipe();
      for (const site of [server, await startVite(server)]) {
        const { shows } = await openPage(`${site}/${name}.html`);
        await shows("open");
        await post(`${server}/api/price/7`);
        await shows("7 €");
        await post(`${server}/api/price/8`);
        expect(await shows("8 €")).toBe("8 €");
      }
    },
  );

  it("load the orders again with TanStack Query when they have changed", async () => {
    const server = await startRecipe();
    await post(`${server}/api/orders/1`);
    const { shows } = await openPage(`${server}/query.html`);
    await shows("Order 1");
    await post(`${server}/api/orders/2`);
    expect(await shows("Order 1, Order 2")).toBe("Order 1, Order 2");
  });

  it("take a POST through the proxy of Vite", async () => {
    const { page } = await openPage(`${await startVite(await startRecipe())}/react.html`);
    const status = await page.evaluate(`(async () => {
      const abort = new AbortController();
      const headers = { Accept: "text/event-stream" };
      const { status } = await fetch("/api/events", { method: "POST", headers, signal: abort.signal });
      abort.abort();
      return status;
    })()`);
    expect(status).toBe(200);
  });
});
