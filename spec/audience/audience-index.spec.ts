import type { Filter } from "express-sse-hub";
import { createAudience } from "../../lib/audience/audience.js";
import { AudienceIndex } from "../../lib/audience/audience-index.js";
import type { StreamConnection } from "../../lib/connection/stream-connection.js";
import { Shop } from "../support/shop.js";

const ALICE = { login: "alice", roles: ["admin", "desk"], team: { id: 1 } };
const BOB = { login: "bob", roles: ["desk"], team: { id: 2 } };

describe("the index of audiences", () => {
  async function open() {
    const shop = await Shop.open();
    await shop.stream("/rooms/red", { cookie: await shop.signIn(ALICE) });
    await shop.stream("/rooms/blue", { cookie: await shop.signIn(BOB) });
    await shop.stream("/rooms/red");
    // What the hub hands out is what it keeps; the index needs the inside of it.
    const connections = new Set(shop.hub.connections() as unknown as StreamConnection[]);
    const index = new AudienceIndex(connections);
    connections.forEach((connection) => {
      index.add(connection);
    });
    /** Who is found, by login; `everybody` where all must be asked. */
    const found = (filter: Filter | null, rooms: string[] | null = null) => {
      const audience = createAudience(
        { rooms, except: null },
        filter,
        { isShared: false },
        () => 0,
      );
      const candidates = index.candidatesOf(audience);
      return candidates === null
        ? "everybody"
        : [...candidates].map(({ user }) => String(user?.login));
    };
    return { index, connections: [...connections], found };
  }

  it("finds the members of rooms, each once", async () => {
    const { found } = await open();
    expect(found(null, ["red"])).toEqual(["alice", "undefined"]);
    expect(found(null, ["red", "blue"])).toEqual(["alice", "undefined", "bob"]);
    expect(found(null, ["green"])).toEqual([]);
    expect(found({ login: "bob" }, ["blue"])).toEqual(["bob"]);
  });

  it.each<[Filter, string[] | "everybody"]>([
    [{ login: "alice" }, ["alice"]],
    [{ login: { $eq: "bob" } }, ["bob"]],
    [{ login: { $in: ["bob", "alice", "eve"] } }, ["bob", "alice"]],
    [{ roles: "desk" }, ["alice", "bob"]],
    [{ "team.id": 2 }, ["bob"]],
    [{ login: { $ne: "x" }, "team.id": 1 }, ["alice"]],
    [{ login: "nobody" }, []],
    [{ login: { $ne: "bob" } }, "everybody"],
    [{ $or: [{ login: "bob" }, { login: "alice" }] }, "everybody"],
    [() => true, "everybody"],
  ])("finds those whom %j may reach", async (filter, logins) => {
    const { found } = await open();
    expect(found(filter)).toEqual(logins);
  });

  it("follows those who join and leave rooms, and who go", async () => {
    const { index, connections, found } = await open();
    const [alice, bob] = connections as [StreamConnection, StreamConnection];
    found({ login: "alice" });
    index.join(bob, ["red"]);
    index.leave(alice, ["red"]);
    expect(found(null, ["red"])).toEqual(["undefined", "bob"]);
    index.delete(alice);
    expect(found({ login: "alice" })).toEqual([]);
  });

  it("goes on finding when more fields are used than it keeps", async () => {
    const { found } = await open();
    for (let n = 0; n < 40; n += 1) found({ [`field${n}`]: 1 });
    expect([found({ login: "bob" }), found({ field0: 1 })]).toEqual([["bob"], []]);
  });

  it("is not misled by a matcher that is changed after the call", async () => {
    const shop = await Shop.open();
    const bob = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const matcher = { login: "bob" };
    void shop.hub.broadcast("message", "for bob", matcher);
    matcher.login = "alice";
    expect(await bob.nextData()).toEqual(["for bob"]);
  });
});
