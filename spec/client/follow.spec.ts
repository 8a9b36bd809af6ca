import { follow, type FollowedRun, type RunSnapshot } from "express-sse-hub/client";
import type { RunSource } from "express-sse-hub";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { sample } from "../support/guides.js";
import { serve } from "../support/serve.js";
import { Shop, until } from "../support/shop.js";
import { Script, wordsOf } from "../run/answers.js";

/** A shop whose run everybody may follow. */
async function openShop(source: RunSource, retryMs = 10) {
  const methods: string[] = [];
  const shop = await Shop.open({
    hub: { retryMs },
    before: (app) => {
      app.use("/answers", (req, _res, next) => {
        methods.push(`${req.method} ${req.originalUrl}`);
        next();
      });
      app.get("/", (_req, res) => res.type("html").send(HTML));
      app.get("/page.js", (_req, res) => res.type("js").send(PAGE));
    },
    routes: (app, hub) => {
      let n = 0;
      app.post("/answers", (req, res) => {
        const id = `run${(n += 1)}`;
        hub.run(id, source, { for: "everybody", event: "token" });
        res.location(`/answers/${id}`);
        void req.sse.follow(id);
      });
      app.get("/answers/:id", (req) => void req.sse.follow(req.params.id));
      app.delete("/answers/:id", async (req, res) => {
        res.sendStatus((await hub.cancel(req.params.id)) ? 204 : 404);
      });
    },
  });
  return { shop, methods };
}

function follows(...args: Parameters<typeof follow>): FollowedRun {
  const run = follow(...args);
  onTestEnd(() => {
    run.close();
  });
  return run;
}

// The guide's sample, which keeps the URL of the run in its own.
const HTML = `<!doctype html><button id="stop"></button>
  <script>
    const said = [];
    const show = () => undefined;
    const say = (state) => said.push(state);
  </script>
  <script type="module" src="page.js"></script>`;
const PAGE = `${sample("client run")}\nwindow.run = run;`;

describe("follow()", () => {
  it("begins a run, and goes on with it after each loss, without beginning another", async () => {
    const script = new Script();
    const { shop, methods } = await openShop(script.source);
    const run = follows(`${shop.url}/answers`, { method: "POST", body: "question" });
    const seen: RunSnapshot[] = [];
    run.subscribe(() => seen.push(run.get()));
    expect(run.get()).toEqual({ text: "", events: [], state: "connecting" });
    await until(() => run.state === "open", "it is open");
    script.say("to ", "be ");
    await until(() => run.text === "to be ", "both have come");
    expect(run.url).toBe(`${shop.url}/answers/run1`);
    for (const connection of shop.hub.connections()) connection.close();
    script.say("or ");
    await until(() => run.text === "to be or ", "the third has come");
    script.say("1e3");
    script.finish();
    expect(await run.done).toBe("done");
    expect(run.text).toBe("to be or 1e3");
    expect(run.events.map(({ event, data }) => [event, data])).toEqual([
      ["token", "to "],
      ["token", "be "],
      ["token", "or "],
      ["token", 1e3],
    ]);
    expect(methods).toEqual(["POST /answers", "GET /answers/run1"]);
    expect(seen.at(-1)).toBe(run.get());
    expect(new Set(seen.map(({ state }) => state))).toEqual(
      new Set(["open", "waiting", "connecting", "done"]),
    );
  });

  it("begins anew with its first event where another run has the URL", async () => {
    const [first, second] = [new Script(), new Script()];
    // Time enough for the second run to begin.
    const { shop } = await openShop(() => [], 2_000);
    const { done } = shop.hub.run("a", first.source, { for: "everybody" });
    const run = follows(`${shop.url}/answers/a`);
    first.say("old");
    await until(() => run.text === "old", "it has come");
    for (const connection of shop.hub.connections()) connection.close();
    first.finish();
    await done;
    shop.hub.run("a", second.source, { for: "everybody" });
    second.say("new");
    second.finish();
    expect(await run.done).toBe("done");
    expect([run.text, run.events.length]).toEqual(["new", 1]);
  });

  it("cancels the run, and says when that is refused", async () => {
    const script = new Script();
    const { shop } = await openShop(script.source);
    const run = follows(`${shop.url}/answers`, { method: "POST" });
    await until(() => run.state === "open", "it is open");
    await run.cancel();
    expect(await run.done).toBe("cancelled");
    expect(script.tools?.signal.aborted).toBe(true);
    await expect(run.cancel()).rejects.toThrow(`The server answered DELETE ${run.url} with 404.`);
  });

  it("ends where there is no such run, or nobody may follow it", async () => {
    const { shop } = await openShop(() => []);
    expect(await follows(`${shop.url}/answers/none`).done).toBe("unknown");
    for (const [status, state] of [
      [401, "unauthorized"],
      [403, "forbidden"],
      [204, "closed"],
    ] as const) {
      const { url } = await serve((_req, res) => res.writeHead(status).end());
      expect([status, await follows(url).done]).toEqual([status, state]);
    }
  });

  it("is closed by the page, and by a signal, and leaves the run alone", async () => {
    const script = new Script();
    const { shop } = await openShop(script.source);
    const abort = new AbortController();
    const one = follows(`${shop.url}/answers`, { method: "POST", signal: abort.signal });
    await until(() => one.state === "open", "it is open");
    const two = follows(one.url);
    await until(() => two.state === "open", "the second is open");
    abort.abort();
    two.close();
    expect(await Promise.all([one.done, two.done])).toEqual(["closed", "closed"]);
    await until(() => shop.hub.size === 0, "both have left");
    expect(script.tools?.signal.aborted).toBe(false);
  });

  it("refuses what it does not understand", () => {
    expect(() => follow("/relative")).toThrow("absolute URL");
    expect(() => follow("http://127.0.0.1/", { colour: 1 } as never)).toThrow("colour");
  });
});

describeInBrowser("follow() in a page", (windows) => {
  const WORDS = 2_000;
  const WHOLE = Array.from({ length: WORDS }, (_, n) => `w${n + 1}`).join("");

  it("has the source's text byte for byte after ten reloads, in a second tab, and after a network that was away", async () => {
    let go: () => void = () => undefined;
    const { shop, methods } = await openShop(async function* () {
      let said = 0;
      for await (const word of wordsOf(WORDS)) {
        yield word;
        said += 1;
        // So that it is still going on while all this happens.
        if (said % 150 === 0) {
          await new Promise<void>((resolve) => {
            go = resolve;
          });
        }
      }
    });
    const page = await windows.open(shop.url);
    const textOf = () => page.evaluate<string>("run.text");
    const longerThan = (length: number) =>
      page.waitForFunction(`window.run?.text.length > ${length}`);
    await longerThan(300);
    for (let times = 1; times <= 10; times += 1) {
      const { length } = await textOf();
      await page.reload();
      go();
      await longerThan(length);
    }
    await page.context().setOffline(true);
    go();
    await page.context().setOffline(false);
    const second = await windows.openBeside(page, page.url());
    const going = setInterval(() => {
      go();
    }, 5);
    onTestEnd(() => {
      clearInterval(going);
    });
    for (const one of [page, second]) {
      await one.waitForFunction('run.state === "done"');
      expect(await one.evaluate("[run.text, said]")).toEqual([WHOLE, ["done"]]);
    }
    expect(methods.filter((line) => line.startsWith("POST"))).toHaveLength(1);
    expect(shop.hub.stats().runs).toMatchObject({ begun: 1, ended: { done: 1 } });
  });
});
