import { describeInBrowser } from "../support/browser.js";
import { DemoPage, serveDemo } from "./demo-page.js";

describeInBrowser("the demo's page", (windows) => {
  async function start() {
    const { url, hub } = await serveDemo();
    const open = async () => new DemoPage(await windows.open(url));
    return { url, hub, open };
  }

  it("says hello to everybody, in two windows", async () => {
    const { hub, open } = await start();
    const [one, two] = [await open(), await open()];
    await one.connect();
    await two.connect();

    await hub.broadcast("message", "hello");

    expect(await one.readUntil("hello")).toEqual(["hello"]);
    expect(await two.readUntil("hello")).toEqual(["hello"]);
  });

  it("says hello to administrators only", async () => {
    const { hub, open } = await start();
    const [alice, bob] = [await open(), await open()];
    await alice.signInAs("alice");
    await alice.connect();
    await bob.signInAs("bob");
    await bob.connect();

    await hub.broadcast("message", "hello", { profile: "Administrator" });
    await hub.broadcast("message", "good night");

    expect(await alice.readUntil("good night")).toEqual(["hello", "good night"]);
    expect(await bob.readUntil("good night")).toEqual(["good night"]);
  });

  it("lets an administrator say hello from the page, and tells others why they may not", async () => {
    const { open } = await start();
    const [alice, bob] = [await open(), await open()];
    await alice.signInAs("alice");
    await alice.connect();
    await bob.signInAs("bob");
    await bob.connect();

    await alice.page.selectOption("#helloTo", "administrators");
    await alice.page.click("#btnHello");
    await alice.page.locator("#helloAnswer", { hasText: "Sent to administrators only." }).waitFor();
    await bob.page.click("#btnHello");
    await bob.page.locator("#helloAnswer", { hasText: "This user may not do this." }).waitFor();
    await alice.page.fill("#helloText", "good night");
    await alice.page.selectOption("#helloTo", "all");
    await alice.page.click("#btnHello");

    expect(await alice.readUntil("good night")).toEqual(["hello", "good night"]);
    expect(await bob.readUntil("good night")).toEqual(["good night"]);
  });

  it("says sign in first when the private stream refuses, and connects after signing in", async () => {
    const { hub, open } = await start();
    const demo = await open();
    await demo.chooseStream("api/private/sse");

    await demo.page.click("#btnConnect");
    await demo.shows("error: sign in first");
    await demo.signInAs("bob");
    await demo.shows("connected");

    expect(hub.connections().map(({ user }) => user)).toEqual([
      { login: "bob", profile: "Viewer" },
    ]);
  });

  it("comes back as who one is after signing in and out", async () => {
    const { hub, open } = await start();
    const demo = await open();
    const users: unknown[] = [];
    hub.on("join", ({ user }) => users.push(user?.login ?? null));
    await demo.connect();

    for (const become of [() => demo.signInAs("alice"), () => demo.signOut()]) {
      const joined = new Promise((resolve) => hub.once("join", resolve));
      await become();
      await joined;
      await demo.shows("connected");
    }

    expect(users).toEqual([null, "alice", null]);
  });

  it("comes back by itself when the server ends the stream, with what was missed", async () => {
    const { hub, open } = await start();
    const demo = await open();
    await demo.connect();

    hub.connections()[0]?.close();
    await demo.shows("connecting");
    await hub.broadcast("message", "hello");
    await demo.shows("connected");

    expect(await demo.readUntil("hello")).toEqual(["hello"]);
    expect(await demo.page.textContent("#detail")).toBe("Back, and caught up.");
  });

  it("disconnects", async () => {
    const { hub, open } = await start();
    const demo = await open();
    await demo.connect();
    const left = new Promise((resolve) => hub.once("leave", resolve));

    await demo.page.click("#btnDisconnect");
    await demo.shows("disconnected");
    await left;

    expect(hub.size).toBe(0);
    expect(await demo.page.isEnabled("#btnConnect")).toBe(true);
    expect(await demo.page.isEnabled("#btnDisconnect")).toBe(false);
  });

  it("shows markup from the server as text", async () => {
    const { hub, open } = await start();
    const demo = await open();
    await demo.connect();
    const markup = "<img src=x onerror=document.title='owned'>";

    await hub.broadcast("message", markup);

    expect(await demo.readUntil(markup)).toEqual([markup]);
    expect(await demo.page.locator("#events img").count()).toBe(0);
    expect(await demo.page.title()).toBe("express-sse-hub demo");
  });

  it("keeps the newest 200 events", async () => {
    const { hub, open } = await start();
    const demo = await open();
    await demo.connect();
    const texts = Array.from({ length: 205 }, (_, index) => `hello ${index + 1}`);

    await Promise.all(texts.map((text) => hub.broadcast("message", text)));

    expect(await demo.readUntil("hello 205")).toEqual(texts.slice(5));
  });

  it("asks nobody but its own server, and breaks no rule of its policy", async () => {
    const { url, open } = await start();
    const demo = await open();
    const [origins, troubles] = [new Set<string>(), [] as string[]];
    demo.page.on("request", (request) => origins.add(new URL(request.url()).origin));
    demo.page.on("console", (message) => troubles.push(message.text()));
    demo.page.on("pageerror", ({ message }) => troubles.push(message));

    const response = await demo.page.reload();
    await demo.connect();

    expect([...origins]).toEqual([url]);
    expect(troubles).toEqual([]);
    expect(response?.headers()["content-security-policy"]).toBe(
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
  });

  it("fits a phone, whatever is said", async () => {
    const { hub, open } = await start();
    const demo = await open();
    const { page } = demo;
    const word = "x".repeat(500);
    await page.setViewportSize({ width: 360, height: 740 });
    await demo.connect();

    await hub.broadcast("message", word);
    await demo.readUntil(word);

    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });
});
