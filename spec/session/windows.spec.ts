import { MemoryStore, type SessionData } from "express-session";
import { createDemo } from "../../demo/app.js";
import { DemoPage } from "../demo/demo-page.js";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { serve } from "../support/serve.js";

/** The store the demo keeps its sessions in: what another part of its server would have. */
function seeStore(): () => MemoryStore {
  const spy = jest.spyOn(MemoryStore.prototype, "set");
  onTestEnd(() => {
    spy.mockRestore();
  });
  return () => spy.mock.contexts.at(-1) as MemoryStore;
}

async function start() {
  const store = seeStore();
  const { app, hub } = createDemo();
  const { url } = await serve(app);
  onTestEnd(() => hub.close());
  return { hub, url, store };
}

/** Gives everybody who is signed in another profile, as an administrator of the server would. */
async function giveProfile(store: MemoryStore, login: string, profile: string): Promise<void> {
  const sessions = await new Promise<Record<string, SessionData>>((resolve) => {
    store.all((_error, all) => {
      resolve(all as Record<string, SessionData>);
    });
  });
  for (const [id, session] of Object.entries(sessions)) {
    const { user } = session as unknown as { user?: { login: string } };
    if (user?.login !== login) continue;
    Object.assign(session, { user: { login, profile } });
    await new Promise<void>((resolve) => {
      store.set(id, session, () => {
        resolve();
      });
    });
  }
}

describeInBrowser("two windows of one browser", (windows) => {
  it("end their streams when one signs out, and the other says so", async () => {
    const { hub, url } = await start();
    const alone = `${url}/?panes=visitor`;
    const page = await windows.open(alone);
    const one = new DemoPage(page).visitor;
    await one.signInAs("alice");
    const other = new DemoPage(await windows.openBeside(page, alone)).visitor;
    await one.tells("connected", "live");
    await other.tells("connected", "live");
    const ends: string[] = [];
    hub.on("leave", (_connection, reason) => ends.push(reason));

    await one.signOut();
    await other.part.locator('[data-name=user]:text-is("a visitor")').waitFor();
    for (const pane of [one, other]) {
      await pane.tells("hub:end user", "return", "replayed 0", "live");
    }
    await hub.broadcast("message", "secret", { login: "alice" });
    await hub.broadcast("message", "for all");

    expect(await other.readUntil("for all")).toEqual(["for all"]);
    expect(ends).toEqual(["user", "user"]);
    expect(hub.connections().map(({ user }) => user)).toEqual([undefined, undefined]);
  });
});

describeInBrowser("a page that stays open", (windows) => {
  it("is told what its user may see since the promotion, and nothing since the demotion", async () => {
    const { hub, url, store } = await start();
    const bob = new DemoPage(await windows.open(`${url}/?panes=visitor`)).visitor;
    await bob.tells("connected", "live");
    const joined = new Promise((resolve) => hub.once("join", resolve));
    await bob.signInAs("bob");
    await joined;
    await bob.tells("connected", "live");
    const toAdministrators = (data: string) =>
      hub.broadcast("message", data, { profile: "Administrator" });

    await toAdministrators("before");
    await giveProfile(store(), "bob", "Administrator");
    await toAdministrators("promoted");
    await bob.readUntil("promoted");
    await giveProfile(store(), "bob", "Viewer");
    await toAdministrators("after");
    await hub.broadcast("message", "for all");

    const told = await bob.readUntil("for all");
    expect(told.filter((data) => data !== "before")).toEqual(["promoted", "for all"]);
  });
});
