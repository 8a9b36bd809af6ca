import connectPgSimple from "connect-pg-simple";
import session from "express-session";
import { migrate, postgresLog } from "express-sse-hub/postgres";
import { Cluster } from "../cluster/cluster.js";
import { runNodeTrials } from "../cluster/node-trials.js";
import { describeWithPostgres, type PostgresServer } from "../support/postgres.js";
import { sample } from "../support/guides.js";
import { openStream } from "../support/open-stream.js";
import { freePort } from "../support/free-port.js";
import { runSample, sampleFolder } from "../support/sample-server.js";

const TRIALS = 100;
const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "User" };

describeWithPostgres("sessions and events in one PostgreSQL", (serverOf) => {
  /** Three nodes, each with a store and a log of its own. */
  async function open(server: PostgresServer, name: string) {
    const pool = server.pool();
    await migrate({ pool, name });
    const PgStore = connectPgSimple(session);
    const createStore = () =>
      new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
    // The first makes the table, which several cannot do at once.
    await new Promise((resolve) => {
      createStore().get("none", resolve);
    });
    return Cluster.open({
      url: server.url,
      name,
      createStore,
      createLog: ({ url }) => postgresLog({ connectionString: url, name }),
    });
  }

  it.each(["/demote", "/logout"] as const)(
    "tell an administrator who is none any more nothing on any node after the answer to %s",
    async (path) => {
      const [, ...nodes] = await open(serverOf(), `after-${path.slice(1)}`);
      const many = { count: TRIALS, atOnce: 4, seed: 1_000 };
      const outcomes = await runNodeTrials(nodes, path, many);
      expect(outcomes.wrong).toEqual([]);
      expect(outcomes.count).toBe(TRIALS);
    },
    120_000,
  );

  it("tell who is there, and end streams everywhere", async () => {
    const [{ errors }, first, second, third] = await open(serverOf(), "presence");
    const [alice, bob] = [await first.signIn(ALICE), await second.signIn(BOB)];
    const streams = [
      await first.stream("/events", { cookie: alice }),
      await second.stream("/events", { cookie: alice }),
      await third.stream("/events", { cookie: bob }),
    ];
    expect(await third.hub.count()).toBe(3);
    expect(await second.hub.users({ profile: "Administrator" })).toEqual([
      expect.objectContaining({ user: ALICE, connections: 2 }),
    ]);
    await third.hub.refresh({ login: "alice" });
    expect([await streams[0]?.closed, await streams[1]?.closed]).toEqual(["refresh", "refresh"]);
    await first.hub.disconnect({ login: "bob" });
    expect(await streams[2]?.closed).toBe("stop");
    expect(errors).toEqual([]);
  });

  it("work as in the guide: what one of three nodes sends comes at all, with the same id", async () => {
    const program = `${sample("events in PostgreSQL")}\nconsole.log("started");`;
    const folder = await sampleFolder({ "server.mjs": program });
    const urls = await Promise.all(
      [1, 2, 3].map(async () => {
        const port = await freePort();
        await runSample(folder, "server.mjs", { PORT: String(port), DATABASE_URL: serverOf().url });
        return `http://127.0.0.1:${port}`;
      }),
    );
    const readers = await Promise.all(urls.map((url) => openStream(url, "/events")));
    await Promise.all(readers.map((reader) => reader.opened()));
    const answer = await fetch(`${String(urls[0])}/hello`, { method: "POST" });
    const { id } = (await answer.json()) as { id: string };
    const received = await Promise.all(readers.map((reader) => reader.next()));
    for (const reader of readers) reader.close();
    expect(received).toEqual(Array(3).fill({ event: "message", data: "hello", id }));
  }, 60_000);
});
