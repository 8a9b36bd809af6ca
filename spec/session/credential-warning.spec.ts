import express from "express";
import { createHub, sse, type SseOptions } from "express-sse-hub";
import session from "express-session";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { serve } from "../support/serve.js";

/** Gives the codes of the process warnings that streams of an application cause. */
async function warningsOf(
  options: Partial<SseOptions>,
  { isStored }: { isStored: boolean },
): Promise<unknown[]> {
  const told: unknown[] = [];
  const spy = jest.spyOn(process, "emitWarning").mockImplementation((text, given) => {
    told.push([(given as unknown as { code: string }).code, String(text)]);
  });
  onTestEnd(() => {
    spy.mockRestore();
  });
  const hub = createHub();
  const app = express();
  if (isStored) app.use(session({ secret: "spec", resave: false, saveUninitialized: true }));
  app.use(sse({ hub, ...options }));
  app.get("/events", (req) => {
    req.sse.join();
  });
  const { url } = await serve(app);
  onTestEnd(() => hub.close());
  for (let count = 0; count < 3; count += 1) {
    const stream = await openStream(url, "/events", { cookie: "token=x" });
    await stream.opened();
    stream.close();
  }
  return told;
}

const ALICE = { login: "alice" };

describe("an application whose users come from no session store", () => {
  it.each<[string, Partial<SseOptions>]>([
    ["a function", { user: () => ALICE }],
    ["an asynchronous function", { user: () => Promise.resolve(ALICE) }],
  ])("is warned once what does not hold, with users from %s", async (_from, options) => {
    expect(await warningsOf(options, { isStored: false })).toEqual([
      ["ERR_SSE_NO_SESSION", expect.stringContaining('sse({ hub, user, credential: "token" })')],
    ]);
  });

  it.each<[string, Partial<SseOptions>, boolean]>([
    ["names what proves them", { user: () => ALICE, credential: ["auth", "token"] }, false],
    ["gives a function", { user: () => ALICE, credential: () => "t" }, false],
    ["says that it knows", { user: () => ALICE, credential: null }, false],
    ["has none", { user: () => null }, false],
    ["has a session store after all", { user: () => ALICE }, true],
  ])("is not warned where it %s", async (_what, options, isStored) => {
    expect(await warningsOf(options, { isStored })).toEqual([]);
  });
});

it.each<[string, SseOptions["credential"]]>([
  ["a cookie that no request has", "tokens"],
  ["a function that gives nothing", () => ""],
])(
  "an application is warned once of users without what proves them: %s",
  async (_what, credential) => {
    expect(await warningsOf({ user: () => ALICE, credential }, { isStored: false })).toEqual([
      ["ERR_SSE_NO_SESSION", expect.stringContaining("Look at the name of the cookie")],
    ]);
  },
);

describe("the options credential and verify", () => {
  const hub = createHub();

  afterAll(() => hub.close());

  it.each<[string, object, string]>([
    ["an empty name", { credential: "" }, "the name of a cookie"],
    ["a name that no cookie has", { credential: "a b" }, "the name of a cookie"],
    ["no name at all", { credential: [] }, "the name of a cookie"],
    ["a number", { credential: 7 }, "the name of a cookie"],
    ["verify alone", { verify: () => true }, "the option credential too"],
    ["verify of nothing", { credential: null, verify: () => true }, "the option credential too"],
    ["a verify that cannot be called", { credential: "a", verify: true }, "a function from a user"],
  ])("refuse %s", (_what, options, expected) => {
    expect(() => sse({ hub, ...options })).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message: expect.stringContaining(expected),
      }),
    );
  });
});
