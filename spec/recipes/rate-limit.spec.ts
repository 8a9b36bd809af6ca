import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { runRecipe } from "./run-recipe.js";

const OPENINGS = 50;
const CALLS = 30;

describe("the recipe for express-rate-limit", () => {
  const recipe = runRecipe("rate-limit");

  it("has who opens too many streams come back later", async () => {
    const readers = await Promise.all(
      Array.from({ length: OPENINGS + 1 }, () => openStream(recipe.url, "/events")),
    );
    onTestEnd(() => {
      readers.forEach((reader) => {
        reader.close();
      });
    });

    const refused = await Promise.race(
      readers.map(async (reader) => {
        await reader.closed;
        return reader;
      }),
    );

    expect([refused.status, refused.headers["content-type"], refused.all]).toEqual([
      200,
      expect.stringMatching(/^text\/event-stream/),
      [],
    ]);
    expect(refused.retryMs).toBeGreaterThanOrEqual(1_000);
    expect(refused.retryMs).toBeLessThanOrEqual(6_000);
  });

  it("answers those who call the API too often 429", async () => {
    const statuses: number[] = [];
    while (statuses.length <= CALLS) {
      statuses.push((await fetch(`${recipe.url}/api/hello`, { method: "POST" })).status);
    }

    expect(statuses).toEqual([...Array<number>(CALLS).fill(204), 429]);
  });

  describeInBrowser("its page", (windows) => {
    it("is put off when streams were opened too often, and comes back by itself", async () => {
      const page = await windows.open(recipe.url);
      await page.locator("#state", { hasText: "open" }).waitFor();

      // On a slow machine the time of the limit may be over before the limit is reached.
      const states = await page.evaluate(`(async () => {
        const open = async () => {
          const aborted = new AbortController();
          await fetch("/events", { headers: { Accept: "text/event-stream" }, signal: aborted.signal });
          aborted.abort();
        };
        for (;;) {
          await Promise.all(Array.from({ length: ${OPENINGS} }, open));
          const stream = new EventSource("/events");
          const states = await new Promise((resolve) => {
            const seen = [];
            stream.onerror = () => {
              seen.push(stream.readyState);
              if (stream.readyState === EventSource.CLOSED) resolve(seen);
            };
            stream.addEventListener("hub:open", () => resolve([...seen, stream.readyState]));
          });
          if (states[0] !== EventSource.OPEN) return states;
          stream.close();
        }
      })()`);

      const [CONNECTING, OPEN] = [0, 1];
      expect(states).toEqual([CONNECTING, OPEN]);
    });
  });
});
