import { onTestEnd } from "../support/disposers.js";
import { openStream, type StreamReader } from "../support/open-stream.js";
import { cookieOf } from "../support/shop.js";
import { runRecipe } from "./run-recipe.js";

/** Posts JSON, as a page does. */
function post(url: string, body: object = {}, headers: Record<string, string> = {}) {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

describe.each(["better-sse", "express-sse", "socket-io"])("the recipe from %s", (name) => {
  const recipe = runRecipe(`from-${name}`);

  async function open(path: string, cookie?: string): Promise<StreamReader> {
    const reader = await openStream(recipe.url, path, { cookie });
    onTestEnd(() => {
      reader.close();
    });
    await reader.opened();
    return reader;
  }

  async function signIn(login: string): Promise<string> {
    const response = await post(`${recipe.url}/login`, { login });
    return cookieOf(response.headers.getSetCookie());
  }

  it("has rooms: what is said in one is heard there, and by those who come later", async () => {
    const [sport, arts] = [await open("/rooms/sport/events"), await open("/rooms/arts/events")];

    const answer = await post(`${recipe.url}/rooms/sport`, { text: "goal" });
    await post(`${recipe.url}/rooms/arts`, { text: "vernissage" });

    const later = await open("/rooms/sport/events");
    expect(await answer.json()).toEqual({ readers: 1 });
    expect([await sport.nextData(), await arts.nextData(), await later.nextData()]).toEqual([
      ['{"text":"goal"}'],
      ['{"text":"vernissage"}'],
      ['{"text":"goal"}'],
    ]);
  });

  it("tells a user alone, and nobody once the user has signed out", async () => {
    const cookie = await signIn("alice");
    const [alice, bob] = [
      await open("/rooms/news/events", cookie),
      await open("/rooms/news/events", await signIn("bob")),
    ];

    await post(`${recipe.url}/users/alice`, { text: "psst" });
    await post(`${recipe.url}/logout`, {}, { Cookie: cookie });
    await post(`${recipe.url}/users/alice`, { text: "too late" });
    await post(`${recipe.url}/rooms/news`, { text: "news" });

    expect(await alice.closed).toBe("user");
    expect(alice.pending.map(({ event, data }) => [event, data])).toEqual([
      ["note", '{"text":"psst"}'],
    ]);
    expect(await bob.next()).toMatchObject({ event: "headline", data: '{"text":"news"}' });
  });
});

describe("the recipe from socket-io, once more", () => {
  const recipe = runRecipe("from-socket-io");

  it("tells all in the room but the page that is typing", async () => {
    const headers = {
      Cookie: cookieOf(
        (await post(`${recipe.url}/login`, { login: "alice" })).headers.getSetCookie(),
      ),
    };
    const [own, other] = [
      await openStream(recipe.url, "/rooms/chat/events"),
      await openStream(recipe.url, "/rooms/chat/events"),
    ];
    const { connection } = await own.opened();
    await other.opened();

    await post(`${recipe.url}/rooms/chat/typing`, {}, { ...headers, "SSE-Connection": connection });
    await post(`${recipe.url}/rooms/chat`, { text: "hello" });

    expect([await own.nextData(1), await other.nextData(2)]).toEqual([
      ['{"text":"hello"}'],
      ["alice", '{"text":"hello"}'],
    ]);
    own.close();
    other.close();
  });
});
