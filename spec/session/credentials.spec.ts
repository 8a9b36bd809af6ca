import { inspect } from "node:util";
import { memoryLog, type EventLog, type SseHubError } from "express-sse-hub";
import { MemoryStore, type SessionData } from "express-session";
import supertest from "supertest";
import { openStream } from "../support/open-stream.js";
import { Shop, until } from "../support/shop.js";
import { sessionIdOf } from "../support/session-id.js";

const ALICE = { login: "alice", profile: "Administrator" };

/** In memory; it may fail, and its errors are its own. */
class FailingStore extends MemoryStore {
  isFailing = false;

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    if (this.isFailing) setImmediate(done, new Error("away"));
    else super.get(id, done);
  }
}

/** Everything a value shows to somebody who prints it, and to somebody who writes it down. */
function shown(values: readonly unknown[]): string {
  const printed = values.map((value) =>
    inspect(value, { showHidden: true, depth: 20, maxArrayLength: null, maxStringLength: null }),
  );
  return printed.join("\n");
}

function entriesOf(log: EventLog): unknown[] {
  const page = log.read(0, 1e9);
  return [...("entries" in page ? page.entries : []), ...log.retained];
}

it("is in nothing the hub hands out, says, stores or sends: the id of a session", async () => {
  const store = new FailingStore();
  const log = memoryLog();
  const shop = await Shop.open({
    session: { store, resave: true },
    hub: { log, retryMs: 0, revalidateMs: 50, limits: { perSession: 2 } },
  });
  const errors: SseHubError[] = [];
  shop.hub.on("error", (error) => errors.push(error));
  const cookie = await shop.signIn(ALICE);
  const id = sessionIdOf(cookie);
  const [one, two] = [
    await shop.stream("/rooms/desk", { cookie }),
    await shop.stream("/private", { cookie }),
  ];
  const refused = await shop.attempt("/events", { cookie });
  await refused.closed;
  const connections = shop.hub.connections();
  await shop.hub.retain("state").broadcast("message", "hello", ALICE);
  await one.nextData();
  const before = shown([shop.hub, connections, shop.hub.stats(), await shop.hub.users()]);

  store.isFailing = true;
  await until(() => errors.length > 0, "the store has failed");
  await Promise.all([one.closed, two.closed]);
  store.isFailing = false;
  const again = await shop.stream("/events", { cookie });
  await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
  await again.closed;
  const last = await openStream(shop.url, "/events", { lastEventId: again.lastEventId });
  await last.opened();
  await shop.hub.close();
  await last.closed;

  const streams = [one, two, refused, again, last];
  const everything = [
    before,
    shown([shop.hub, connections, errors, shop.hub.stats(), await shop.hub.users()]),
    shown(connections.map(({ signal }) => signal.reason as unknown)),
    shown(entriesOf(log)),
    ...entriesOf(log).map((entry) => (entry as { bytes: Buffer }).bytes.toString()),
    ...streams.map(({ raw, headers }) => raw + JSON.stringify(headers)),
  ].join("\n");
  expect(id).toHaveLength(32);
  expect(everything).not.toContain(id);
  // That it would have been seen: what surely is there.
  expect(entriesOf(log)).toHaveLength(2);
  expect(everything).toContain("alice");
  expect(everything).toContain("recovered");
});
