import { describeInBrowser } from "./support/browser.js";
import { sample } from "./support/guides.js";
import { freePort } from "./support/free-port.js";
import { runSample, sampleFolder } from "./support/sample-server.js";

/** Runs the server of the README in a folder of its own, on a port that is free. */
async function runServer(): Promise<string> {
  const port = await freePort();
  const server = sample("first server").replace("app.listen(3000)", `app.listen(${port})`);
  const folder = await sampleFolder({
    "public/index.html": sample("first page"),
    // The program says nothing, so one line is added to know when it listens.
    "server.mjs": `${server}\nconsole.log("started");`,
  });
  await runSample(folder, "server.mjs");
  return `http://localhost:${port}`;
}

describeInBrowser("the README's first server and page", (windows) => {
  it("run as pasted: the page shows the server's time, and goes on showing it", async () => {
    const page = await windows.open(await runServer());
    const time = page.locator("#clock", { hasText: /\d:\d\d/ });
    const first = await time.innerText();
    const second = await page.locator("#clock", { hasNotText: first }).innerText();
    expect(second).toMatch(/\d:\d\d/);
  });
});
