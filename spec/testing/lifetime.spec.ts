import { finishSample, sampleFolder } from "../support/sample-server.js";

const TIMEOUT_MS = 60_000;

// What a test runner would import, with no other thing that keeps its process alive.
const PROGRAM = `
import express from "express";
import { createHub, sse } from "express-sse-hub";
import { openStream, visit } from "express-sse-hub/testing";

const app = express();
const hub = createHub();
app.use(sse({ hub }));
app.get("/events", (req) => void req.sse.join());
const alice = await visit(app);
const stream = await alice.stream("/events");
await alice.fetch("/nothing");
`;

/** What such a program prints until it ends by itself. */
async function printed(end: string): Promise<string> {
  const folder = await sampleFolder({ "test.mjs": PROGRAM + end });
  return (await finishSample(folder, "test.mjs")).trim();
}

describe("the process of a test", () => {
  it(
    "has nothing open when its visitors have left",
    async () => {
      const end = `
        await alice.close();
        const connections = hub.size;
        const isOpen = () => process.getActiveResourcesInfo().some((name) => /TCP|Timeout/.test(name));
        // The client that is behind fetch() hears of the end of its connection a little later.
        while (isOpen()) await new Promise((resolve) => setImmediate(resolve));
        console.log("all closed", connections);`;
      expect(await printed(end)).toBe("all closed 0");
    },
    TIMEOUT_MS,
  );

  it(
    "lives until what it awaits has come over the network",
    async () => {
      const end = `
        const left = new Promise((resolve) => hub.once("leave", (_connection, why) => resolve(why)));
        stream.close();
        console.log(await left);`;
      expect(await printed(end)).toBe("gone");
    },
    TIMEOUT_MS,
  );

  it.each([
    ["a visitor", ""],
    ["a visitor that has left its stream", "stream.close();"],
    [
      "a visitor whose stream is never quiet",
      "setInterval(() => hub.broadcast('x', 'x'), 10).unref();",
    ],
    ["a stream", `await openStream(app, "/events");`],
  ])(
    "ends by itself where %s was forgotten",
    async (_what, end) => {
      // After a second jest warns that it did not exit. In steps, so that a pause of the machine counts as one.
      const late = `
        let steps = 0;
        setInterval(() => (steps += 1) === 10 && console.log("still there"), 100).unref();
        console.log("forgotten");`;
      expect(await printed(end + late)).toBe("forgotten");
    },
    TIMEOUT_MS,
  );
});
