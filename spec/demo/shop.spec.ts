import type { Connection } from "express-sse-hub";
import supertest from "supertest";
import { IN_SHOP } from "../../demo/shop/shop-users.js";
import { describeInBrowser } from "../support/browser.js";
import { openStream } from "../support/open-stream.js";
import { until } from "../support/shop.js";
import { DemoPage, serveDemo, serveDemoWithShop } from "./demo-page.js";
import { DemoProcess } from "./demo-process.js";
import { cookieOf, signIn } from "./sign-in.js";

// As the demo's own, in a hurry.
const HABITS = {
  carol: { beginMs: 0, orderMs: 40, visitMs: 100, visits: 2, awayMs: 50 },
  dave: { beginMs: 10, orderMs: 60, visitMs: 130, visits: 1, awayMs: 30 },
  erin: { beginMs: 0, orderMs: 0, visitMs: 60_000, visits: 1, awayMs: 0 },
};

describe("the made-up shop", () => {
  async function signInTo(url: string, login: string): Promise<string> {
    const answer = await supertest(url).post("/shop/api/login").send({ login }).expect(200);
    return cookieOf(answer.headers);
  }

  it("tells of an order who placed it and who packs, and nobody else", async () => {
    const { url } = await serveDemo();
    const logins = ["carol", "dave", "erin"];
    const cookies = await Promise.all(logins.map((login) => signInTo(url, login)));
    const [carol, dave, erin] = await Promise.all(
      cookies.map((cookie) => openStream(url, "/shop/api/sse", { cookie })),
    );
    const administrator = await signIn(url, "alice");
    const alice = await openStream(url, "/api/test/sse", { cookie: administrator });
    for (const stream of [carol, dave, erin, alice]) await stream?.opened();
    const ask = (cookie = "") => supertest(url).post("/shop/api/orders").set("Cookie", cookie);

    const { body } = await ask(cookies[0]).expect(201);
    await ask(cookies[2]).expect(403);
    const { id } = body as { id: number };
    const sent = supertest(url).post("/shop/api/sent").set("Cookie", String(cookies[2]));
    await sent.send({ id, login: "carol" }).expect(202);
    await ask(cookies[1]).expect(201);
    const hello = supertest(url).post("/api/hello").set("Cookie", administrator);
    await hello.send({ to: "all", text: "hello" }).expect(202);

    expect([await carol?.next(), await carol?.next()]).toMatchObject([
      { event: "order", data: JSON.stringify(body) },
      { event: "sent", data: JSON.stringify({ id }) },
    ]);
    expect(JSON.parse(String((await dave?.next())?.data))).toMatchObject({ login: "dave" });
    const packed = await erin?.nextData(2);
    expect(packed?.map((data) => (JSON.parse(data) as { login: string }).login)).toEqual([
      "carol",
      "dave",
    ]);
    expect((await alice.next()).data).toBe("hello");
  });

  it("opens with the first page, and its users come, order, load the page again, and go", async () => {
    const { url, hub } = await serveDemoWithShop(HABITS);
    const seen: string[] = [];
    hub.on("join", ({ user }: Connection) => seen.push(`${String(user?.login)} joins`));
    hub.on("leave", ({ user }: Connection, why) => seen.push(`${String(user?.login)} ${why}`));
    const orders = hub.stats().published;
    const reader = await openStream(url, "/api/test/sse");
    await reader.opened();
    expect(hub.size).toBe(1);

    const page = await openStream(url, "/api/test/sse?marks");
    await page.opened();

    const carol = ["carol joins", "carol gone", "carol joins", "carol user"];
    const ofCarol = () => seen.filter((what) => what.startsWith("carol"));
    await until(() => ofCarol().length >= 8, "carol twice");
    await until(() => seen.includes("erin joins") && seen.includes("dave user"), "all three");
    expect(ofCarol().slice(0, 8)).toEqual([...carol, ...carol]);
    expect(hub.stats().published).toBeGreaterThan(orders + 4);
    expect(hub.connections(IN_SHOP).length).toBeLessThanOrEqual(3);
  });

  it("is left out of the counts of a hello, and hears none", async () => {
    const { url, hub } = await serveDemoWithShop({ erin: HABITS.erin });
    const cookie = await signIn(url, "alice");
    const alice = await openStream(url, "/api/test/sse?marks", { cookie });
    await alice.opened();
    await until(() => hub.size === 2, "erin");
    const heard: string[] = [];
    const erin = await openStream(url, "/shop/api/sse", { cookie: await signInTo(url, "erin") });
    await erin.opened();
    const ask = (path: string) => supertest(url).post(path).set("Cookie", cookie);

    const before = await ask("/api/audience").send({ to: "all" });
    const sent = await ask("/api/hello").send({ to: "all", text: "hello" });
    await hub.broadcast("order", "7");
    heard.push((await erin.next()).event);

    expect(before.body).toMatchObject({ reached: 1, of: 1 });
    expect(sent.body).toMatchObject({ reached: 1, of: 1 });
    expect(heard).toEqual(["order"]);
  });

  it("closes with nothing left of it", async () => {
    const { hub, shop } = await serveDemoWithShop(HABITS);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    const before = timers().length;
    shop.open();
    await until(() => hub.stats().opened > 3, "users of the shop");
    expect(timers().length).toBeGreaterThan(before);

    await shop.close();
    const { opened } = hub.stats();

    await until(() => hub.size === 0, "an empty shop");
    await until(() => timers().length <= before, "no timer of the shop");
    expect(hub.stats().opened).toBe(opened);
  });

  it("is opened and closed by administrators only", async () => {
    const { url, shop } = await serveDemoWithShop(HABITS);
    const ask = async (login: string, body: object) => {
      const cookie = await signIn(url, login);
      const answer = await supertest(url).post("/api/shop").set("Cookie", cookie).send(body);
      return answer.status;
    };

    expect(await ask("bob", { isOpen: true })).toBe(403);
    expect(await ask("alice", { isOpen: "yes" })).toBe(400);
    expect(shop.isOpen).toBe(false);
    expect(await ask("alice", { isOpen: true })).toBe(202);
    expect(shop.isOpen).toBe(true);
  });

  it("ends with the server", async () => {
    const { demo, url } = await DemoProcess.start();
    const erin = await openStream(url, "/shop/api/sse", { cookie: await signInTo(url, "erin") });
    const page = await openStream(url, "/api/test/sse?marks");
    await page.opened();
    expect((await erin.next()).event).toBe("order");

    demo.type("q");

    expect(await demo.exit).toEqual({ code: 0, signal: null });
    expect(Number(/Open connections: (\d)/.exec(demo.output)?.[1])).toBeGreaterThan(2);
    expect(demo.errors).toBe("");
  });
});

describeInBrowser("the made-up shop's switch", (windows) => {
  it("is on, follows the server in all pages, and stays off for the next page", async () => {
    const { url, hub } = await serveDemoWithShop();
    const one = new DemoPage(await windows.open(url));
    const two = new DemoPage(await windows.open(url));
    for (const demo of [one, two]) await demo.page.locator("#shop input:checked").waitFor();
    await one.isConnected();

    await one.page.uncheck("#shop input");
    await two.page.locator("#shop input:not(:checked)").waitFor();
    await until(() => hub.connections(IN_SHOP).length === 0, "an empty shop");

    await two.page.reload();
    await two.isConnected();
    expect(await two.page.isChecked("#shop input")).toBe(false);
    await two.page.check("#shop input");
    await until(() => hub.connections(IN_SHOP).length > 0, "somebody in the shop");
  });

  it("says who may use it", async () => {
    const { url, shop } = await serveDemoWithShop();
    const demo = new DemoPage(await windows.open(url));
    await demo.isConnected();
    await demo.alice.signOut();
    await demo.alice.tells("hub:end user", "return", "replayed 0", "live");

    await demo.page.click("#shop input");

    await demo.page.locator("#shop [role=status]", { hasText: "sign in as alice" }).waitFor();
    expect(await demo.page.isChecked("#shop input")).toBe(true);
    expect(shop.isOpen).toBe(true);
  });

  it("leaves the panes' events and counts as they are, while the dashboard shows its users", async () => {
    const { url, hub } = await serveDemoWithShop();
    const demo = new DemoPage(await windows.open(url));
    await demo.isConnected();
    await until(() => hub.connections(IN_SHOP).length === 3, "all three of the shop");

    await demo.compose("hello", "all");
    await demo.page.locator("#helloReach", { hasText: "Would reach 3 of 3." }).waitFor();
    await demo.send();
    await demo.answers("Sent: reached 3 of 3.");

    for (const pane of [demo.alice, demo.bob, demo.visitor]) {
      expect(await pane.readUntil("hello")).toEqual(["hello"]);
    }
    const href = await demo.page.getAttribute("footer a", "href");
    const dashboard = await windows.openBeside(demo.page, new URL(String(href), url).href);
    await dashboard.locator("body", { hasText: "carol" }).waitFor();
  });
});
