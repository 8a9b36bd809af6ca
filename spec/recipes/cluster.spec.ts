import { openStream, type StreamReader } from "../support/open-stream.js";
import { describeWithRedis } from "../support/redis.js";
import { ReturningReader } from "../support/returning-reader.js";
import { cookieOf } from "../support/shop.js";
import { runRecipe } from "./run-recipe.js";

describeWithRedis("the recipe for node:cluster", (redisUrl) => {
  const recipe = runRecipe("cluster", () => ({ REDIS_URL: redisUrl() }));

  it("brings what one worker sends to the readers of all, with the same id", async () => {
    const readers = await openAtTwo(() => openStream(recipe.url, "/events"));

    const answer = await fetch(`${recipe.url}/hello`, { method: "POST" });
    const { id } = (await answer.json()) as { id: string };

    const received = await Promise.all(readers.map((reader) => reader.next()));
    readers.forEach((reader) => {
      reader.close();
    });
    expect(received).toEqual(readers.map(() => ({ event: "message", data: "hello", id })));
  });

  it("knows a session at every worker, and ends its streams at all with a logout", async () => {
    const login = await fetch(`${recipe.url}/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ login: "alice" }),
    });
    const cookie = cookieOf(login.headers.getSetCookie());
    const readers = await openAtTwo(() => openStream(recipe.url, "/events", { cookie }));

    await fetch(`${recipe.url}/logout`, { method: "POST", headers: { Cookie: cookie } });

    expect(await Promise.all(readers.map(({ closed }) => closed))).toEqual(
      readers.map(() => "user"),
    );
  });

  it("loses and doubles nothing when a worker dies, and replaces it", async () => {
    const readers: ReturningReader[] = [];
    await openAtTwo(async () => {
      const reader = await ReturningReader.open(recipe.url, "/events", { patience: 0.2 });
      readers.push(reader);
      return reader.streams[0] as StreamReader;
    });
    const workers = new Set(readers.map(({ streams: [stream] }) => workerOf(stream)));
    const ids: string[] = [];
    const hello = async () => {
      const answer = await fetch(`${recipe.url}/hello`, { method: "POST" });
      ids.push(((await answer.json()) as { id: string }).id);
    };

    await hello();
    const [reader] = readers;
    process.kill(Number(workerOf(reader?.streams[0])), "SIGKILL");
    await reader?.isOpen(2);
    await hello();
    const heir = await openWhere((stream) => !workers.has(workerOf(stream)), recipe.url);
    heir.close();
    await Promise.all(readers.map((each) => each.has("message", "hello")));
    await hello();

    const idsOf = async (each: ReturningReader) => {
      while (each.events.length < ids.length) await each.streams.at(-1)?.next();
      return each.events.map(({ id }) => id);
    };
    expect(await Promise.all(readers.map(idsOf))).toEqual(readers.map(() => ids));
  });

  it("has everybody come back later when it is told to stop, and stops", async () => {
    const reader = await openStream(recipe.url, "/events");
    await reader.opened();

    await recipe.end();

    expect(await reader.closed).toBe("shutdown");
  });
});

function workerOf(stream: StreamReader | undefined): string {
  return String(stream?.headers.worker);
}

/** Opens streams until two workers serve some: one may be there before the other. */
async function openAtTwo(open: () => Promise<StreamReader>): Promise<StreamReader[]> {
  const readers: StreamReader[] = [];
  while (new Set(readers.map(workerOf)).size < 2) {
    const reader = await open();
    await reader.opened();
    readers.push(reader);
  }
  return readers;
}

async function openWhere(isMeant: (stream: StreamReader) => boolean, url: string) {
  for (;;) {
    const stream = await openStream(url, "/events");
    if (isMeant(stream)) return stream;
    stream.close();
  }
}
