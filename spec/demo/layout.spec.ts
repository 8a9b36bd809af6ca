import { faultsIn } from "../support/axe.js";
import { describeInBrowser } from "../support/browser.js";
import { DemoPage, serveDemoWithShop } from "./demo-page.js";

const TIMEOUT_MS = 120_000;

describeInBrowser("the demo's page, as it is seen", (windows) => {
  it.each([
    ["light", 390],
    ["dark", 390],
    ["light", 1280],
    ["dark", 1280],
    ["light", 2560],
    ["dark", 2560],
  ] as const)(
    "has no fault that axe-core finds, and does not scroll sideways: %s, %d px",
    async (colorScheme, width) => {
      const { url } = await serveDemoWithShop({});
      const viewport = { width, height: 800 };
      const demo = new DemoPage(await windows.open(url, { colorScheme, viewport }));
      const { page } = demo;
      await demo.isConnected();
      await page.locator("#shop input:checked").waitFor();
      await demo.compose("hello", "administrators");
      await demo.send();
      await demo.answers("Sent: reached 1 of 3.");
      await demo.bob.find("btnProfile").click();
      await demo.bob.tells("hub:end user", "return", "replayed 1", "live");
      await demo.lights("alice", "bob");

      for (const tab of ["#tabAnswer", "#tabImport", "#tabHello"]) {
        await page.click(tab);
        await page.mouse.move(0, 0);
        expect(await faultsIn(page)).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      }
    },
    TIMEOUT_MS,
  );

  it("says at the first sight what an event does, for whom the one in the form is, and how many it would reach", async () => {
    const { url } = await serveDemoWithShop({});
    const demo = new DemoPage(await windows.open(url, { viewport: { width: 1280, height: 800 } }));
    await demo.lights("alice");
    const seen = demo.page.locator("body");

    for (const text of [
      "An event reaches exactly the browsers whose user matches now.",
      "Would reach 1 of 3.",
      "This event would be delivered to alice.",
      "This event is not for bob.",
      "This event is not for a visitor.",
    ]) {
      await seen.getByText(text, { exact: true }).waitFor();
    }
    expect(await demo.page.evaluate("document.documentElement.scrollHeight")).toBe(800);
  });
});
