import { join } from "node:path";
import { describeFrontEndsInBrowser } from "../frontends/front-ends.js";
import { startServer } from "../frontends/started.js";
import { run } from "../package/run.js";

const RECIPE = join(__dirname, "../../demo/recipes/nextjs");
const BUILD_MS = 180_000;

describeFrontEndsInBrowser("the recipe for Next.js", (frontEnds, windows) => {
  let project: string;

  beforeAll(async () => {
    project = await frontEnds.copyOf(RECIPE);
    const next = frontEnds.programOf("next", "dist/bin/next");
    // Turbopack refuses packages that are links, as they are here.
    await run(process.execPath, [next, "build", "--webpack"], project, {
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
    });
  }, BUILD_MS);

  it("renders on the server what the stream then changes", async () => {
    const env = { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
    const url = await startServer(() => ["server.js"], project, env);
    const html = await (await fetch(url)).text();
    expect(html.replaceAll("<!-- -->", "")).toContain("<p>1 € (connecting)</p>");
    const page = await windows.open(url);
    const shows = (text: string) =>
      page.waitForFunction(`document.querySelector("p").textContent === ${JSON.stringify(text)}`);
    await shows("1 € (open)");
    await fetch(`${url}/api/price/7`, { method: "POST" });
    await shows("7 € (open)");
  });
});
