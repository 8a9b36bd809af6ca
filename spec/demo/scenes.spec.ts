import { describeInBrowser } from "../support/browser.js";
import { DemoPage, serveDemo, type DemoPane } from "./demo-page.js";

/** What the newest event of a pane says about itself, but for its id. */
async function factsOf(pane: DemoPane): Promise<string[]> {
  return pane.find("events").locator("li:first-child .facts b:not(:empty)").allTextContents();
}

describeInBrowser("the demo's scenes", (windows) => {
  async function start() {
    const { url, hub } = await serveDemo();
    const demo = new DemoPage(await windows.open(url));
    await demo.isConnected();
    return { demo, hub };
  }

  it("lights the panes that a hello would reach, and says how many it reached", async () => {
    const { demo } = await start();
    await demo.lights("alice");
    await demo.compose("hello", "matcher");
    await demo.page.fill("#helloMatcher", '{ "login": { "$in": ["alice", "bob"] } }');
    await demo.lights("alice", "bob");

    await demo.send();
    await demo.answers("Sent: reached 2 of 3.");
    await demo.compose("good night", "all");
    await demo.lights("alice", "bob", "visitor");
    await demo.send();
    await demo.answers("Sent: reached 3 of 3.");

    expect(await demo.alice.readUntil("good night")).toEqual(["hello", "good night"]);
    expect(await demo.bob.readUntil("good night")).toEqual(["hello", "good night"]);
    expect(await demo.visitor.readUntil("good night")).toEqual(["good night"]);
  });

  it("says what is wrong with a matcher, and who may send", async () => {
    const { demo } = await start();
    const reach = (text: string) => demo.page.locator("#helloReach", { hasText: text }).waitFor();
    await demo.compose("hello", "matcher");
    await demo.page.fill("#helloMatcher", '{ "login": ');
    await reach("A matcher is JSON");
    await demo.page.fill("#helloMatcher", '{ "login": { "$is": "bob" } }');
    await reach("$is");

    await demo.page.selectOption("#helloTo", "all");
    await demo.alice.signOut();

    await reach("Only administrators may send: sign in as alice.");
    // What is answered goes as soon as the stream of who has signed out is back.
    await demo.alice.tells("hub:end user", "return", "replayed 0", "live");
    await demo.send();
    await demo.answers("Only administrators may send");
    expect(await demo.bob.read()).toEqual([]);
  });

  it("shows with each event who it is for, whether it is live, and its id", async () => {
    const { demo } = await start();
    await demo.compose("hello", "administrators");
    const answered = demo.page.waitForResponse("**/api/hello");
    await demo.send();
    const { id } = (await (await answered).json()) as { id: string };
    await demo.alice.readUntil("hello");
    await demo.alice.part.locator('.audience:text-is("to administrators")').waitFor();

    expect(await factsOf(demo.alice)).toEqual(["to administrators", "live"]);
    expect(await demo.alice.find("events").locator("li code").allTextContents()).toEqual([id]);
  });

  it("gives bob what he may see once he is an administrator", async () => {
    const { demo } = await start();
    await demo.compose("hello", "administrators");
    await demo.send();
    await demo.answers("Sent: reached 1 of 3.");

    await demo.bob.find("btnProfile").click();
    await demo.bob.tells("hub:end user", "return", "replayed 1", "live");

    expect(await demo.bob.read()).toEqual(["hello"]);
    expect(await factsOf(demo.bob)).toEqual(["to administrators", "replayed"]);
    expect(await demo.visitor.read()).toEqual([]);
  });

  it("marks what was received before a sign-out, and clears it for the next user", async () => {
    const { demo, hub } = await start();
    await hub.broadcast("message", "hello", { login: "alice" });
    await demo.alice.readUntil("hello");

    await demo.alice.signOut();
    await demo.alice.tells("hub:end user", "return", "replayed 0", "live");
    expect(await factsOf(demo.alice)).toEqual(["received as alice", "live"]);
    await hub.broadcast("message", "good night");
    await demo.alice.readUntil("good night");
    await demo.alice.signInAs("bob");

    expect(await demo.alice.read()).toEqual(["good night"]);
  });

  it("goes offline, and receives what was missed", async () => {
    const { demo, hub } = await start();
    await demo.bob.find("btnOffline").click();
    await demo.bob.shows("connecting");

    await hub.broadcast("message", "hello");
    await demo.alice.readUntil("hello");
    expect(await demo.bob.read()).toEqual([]);
    await demo.bob.find("timeLine").locator("li:nth-of-type(4)").waitFor({ timeout: 30_000 });

    await demo.bob.tells("connection lost", "return", "replayed 1", "live");
    expect(await demo.bob.read()).toEqual(["hello"]);
  });

  it("answers as a model, over a reload, for alice only, until it is stopped", async () => {
    const { demo, hub } = await start();
    const answer = demo.page.locator("#answer");
    const find = (name: string) => answer.locator(`[data-name=${name}]`);
    await demo.page.click("#tabAnswer");
    await find("start").click();
    await answer.locator("[data-name=output]", { hasText: "Server-Sent Events" }).waitFor();

    await demo.page.reload();
    await answer.locator("[data-name=output]", { hasText: /^Server-Sent Events .*once/ }).waitFor();
    await find("other").click();
    await answer.locator("[data-name=told]", { hasText: "404" }).waitFor();
    await find("stop").click();
    await find("state").locator(':scope:text-is("cancelled")').waitFor();

    expect(await find("told").textContent()).toBe(
      "Answered with 404: for bob there is no such run.",
    );
    const runs = await hub.runs();
    expect(runs.map(({ state, for: whose }) => ({ state, whose }))).toEqual([
      { state: "cancelled", whose: { login: "alice" } },
    ]);
  });

  it("imports with progress, to the end, over a reload", async () => {
    const { demo } = await start();
    const part = demo.page.locator("#import");
    await demo.page.click("#tabImport");
    await part.locator("[data-name=start]").click();
    await part.locator("output", { hasText: /^\d+ of 120 orders/ }).waitFor();

    await demo.page.reload();
    await part.locator("[data-name=state]", { hasText: "done" }).waitFor({ timeout: 40_000 });

    expect(await part.locator("output").textContent()).toBe("120 of 120 orders, at 7120");
    expect(await part.locator("progress").getAttribute("value")).toBe("120");
  });

  it("shows the code of what was done", async () => {
    const { demo } = await start();

    await demo.bob.signOut();
    await demo.compose("good night", "all");

    expect(await demo.bob.find("code").textContent()).toContain("res.json({ user: null });");
    expect(await demo.page.textContent("#helloCode")).toBe(
      'await hub.broadcast("message", "good night");',
    );
  });
});
