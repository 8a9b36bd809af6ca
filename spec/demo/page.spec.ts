import { describeInBrowser } from "../support/browser.js";
import { DemoPage, serveDemo } from "./demo-page.js";

describeInBrowser("the demo's page", (windows) => {
  async function start() {
    const { url, hub } = await serveDemo();
    const open = async () => {
      const demo = new DemoPage(await windows.open(url));
      await demo.isConnected();
      return demo;
    };
    return { url, hub, open };
  }

  it("connects three sessions when it opens", async () => {
    const { hub, open } = await start();
    await open();

    const users = hub.connections().map(({ user }) => user?.login ?? null);

    expect(new Set(users)).toEqual(new Set(["alice", "bob", null]));
    expect(users).toHaveLength(3);
  });

  it("waits in a second tab of the browser, which has connections for one only", async () => {
    const { url, hub, open } = await start();
    const first = await open();
    const second = new DemoPage(await windows.openBeside(first.page, url));
    await second.page.locator("#elsewhere", { hasText: "another tab" }).waitFor();
    expect(hub.size).toBe(3);

    await first.page.close();

    await second.isConnected();
    expect(await second.page.isVisible("#elsewhere")).toBe(false);
  });

  it("opens the sessions that its address names, beside another tab", async () => {
    const { url, hub, open } = await start();
    const first = await open();
    const second = new DemoPage(await windows.openBeside(first.page, `${url}/?panes=bob,visitor`));

    await second.bob.tells("connected", "live");
    await second.visitor.tells("connected", "live");

    expect(await second.page.locator(".pane").count()).toBe(2);
    expect(await second.page.isVisible("#elsewhere")).toBe(false);
    expect(hub.size).toBe(5);
  });

  it("says hello to everybody, in two windows", async () => {
    const { hub, open } = await start();
    const [one, two] = [await open(), await open()];

    await hub.broadcast("message", "hello");

    for (const { alice, bob, visitor } of [one, two]) {
      for (const pane of [alice, bob, visitor]) {
        expect(await pane.readUntil("hello")).toEqual(["hello"]);
      }
    }
  });

  it("says hello to administrators only", async () => {
    const { hub, open } = await start();
    const { alice, bob, visitor } = await open();

    await hub.broadcast("message", "hello", { profile: "Administrator" });
    await hub.broadcast("message", "good night");

    expect(await alice.readUntil("good night")).toEqual(["hello", "good night"]);
    expect(await bob.readUntil("good night")).toEqual(["good night"]);
    expect(await visitor.readUntil("good night")).toEqual(["good night"]);
  });

  it("has the names of the sample for the session that every browser has", async () => {
    const { hub, open } = await start();
    const { page, visitor } = await open();

    await page.click("#btnDisconnect");
    await page.locator('#status:text-is("disconnected")').waitFor();
    await page.click("#btnConnect");
    await visitor.tells("connected", "live");
    await hub.broadcast("message", "hello");
    await visitor.readUntil("hello");

    expect(await page.innerText("#status")).toBe("connected");
    expect(await page.locator("#events li > span").allTextContents()).toEqual(["hello"]);
  });

  it("says sign in first when the private stream refuses, and connects after signing in", async () => {
    const { hub, open } = await start();
    const { visitor } = await open();

    await visitor.chooseStream("api/private/sse");
    await visitor.shows("error: sign in first");
    await visitor.signInAs("bob");
    await visitor.shows("connected");

    const bob = { login: "bob", profile: "Viewer" };
    expect(hub.connections({ login: "bob" }).map(({ user }) => user)).toEqual([bob, bob]);
  });

  it("comes back as who one is after signing in and out", async () => {
    const { hub, open } = await start();
    const { visitor } = await open();
    const users: unknown[] = [];
    hub.on("join", ({ user }) => users.push(user?.login ?? null));

    for (const become of [() => visitor.signInAs("alice"), () => visitor.signOut()]) {
      const joined = new Promise((resolve) => hub.once("join", resolve));
      await become();
      await joined;
      await visitor.shows("connected");
    }

    expect(users).toEqual(["alice", null]);
  });

  it("comes back by itself when the server ends the stream, with what was missed", async () => {
    const { hub, open } = await start();
    const { alice } = await open();

    hub.connections({ login: "alice" })[0]?.close();
    await hub.broadcast("message", "hello");

    expect(await alice.readUntil("hello")).toEqual(["hello"]);
    await alice.tells("hub:end close", "return", "replayed 1", "live");
    expect(await alice.find("detail").textContent()).toBe("Back, and caught up.");
  });

  it("disconnects", async () => {
    const { hub, open } = await start();
    const { bob } = await open();
    const left = new Promise((resolve) => hub.once("leave", resolve));

    await bob.find("btnDisconnect").click();
    await bob.shows("disconnected");
    await left;

    expect(hub.size).toBe(2);
    expect(await bob.find("btnDisconnect").isEnabled()).toBe(false);
  });

  it("shows markup from the server as text", async () => {
    const { hub, open } = await start();
    const { page, visitor } = await open();
    const markup = "<img src=x onerror=document.title='owned'>";

    await hub.broadcast("message", markup);

    expect(await visitor.readUntil(markup)).toEqual([markup]);
    expect(await page.locator("#events img").count()).toBe(0);
    expect(await page.title()).toBe("express-sse-hub demo");
  });

  it("keeps the newest 200 events", async () => {
    const { hub, open } = await start();
    const { visitor } = await open();
    const texts = Array.from({ length: 205 }, (_, index) => `hello ${index + 1}`);

    await Promise.all(texts.map((text) => hub.broadcast("message", text)));

    expect(await visitor.readUntil("hello 205")).toEqual(texts.slice(5));
  });

  it("asks nobody but its own server, and breaks no rule of its policy", async () => {
    const { url, open } = await start();
    const demo = await open();
    const [origins, troubles] = [new Set<string>(), [] as string[]];
    demo.page.on("request", (request) => origins.add(new URL(request.url()).origin));
    demo.page.on("console", (message) => troubles.push(message.text()));
    demo.page.on("pageerror", ({ message }) => troubles.push(message));

    const response = await demo.page.reload();
    await demo.isConnected();
    await demo.lights("alice");

    expect([...origins]).toEqual([url]);
    expect(troubles).toEqual([]);
    expect(response?.headers()["content-security-policy"]).toBe(
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
  });

  it.each(["#tabHello", "#tabAnswer", "#tabImport"])(
    "fits a phone and a small laptop, whatever is said: %s",
    async (tab) => {
      const { hub, open } = await start();
      const { page, alice } = await open();
      const word = "x".repeat(500);
      await page.click(tab);
      await hub.broadcast("message", word);
      await alice.readUntil(word);

      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      await page.setViewportSize({ width: 1280, height: 800 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(1280);
      expect(await page.evaluate("document.documentElement.scrollHeight")).toBe(800);
    },
  );
});
