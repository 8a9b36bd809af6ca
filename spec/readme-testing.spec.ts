import { LOG_CONTRACT } from "express-sse-hub/log-contract";
import { sample } from "./support/guides.js";
import { finishSample, sampleFolder } from "./support/sample-server.js";

const TIMEOUT_MS = 60_000;

/** What the samples call yours. */
const YOURS = {
  "app.mjs": `
    import express from "express";
    import session from "express-session";
    import { createHub, requireUser, sse } from "express-sse-hub";

    export const hub = createHub();
    export const app = express();
    app.use(session({ secret: "change me", resave: false, saveUninitialized: false }));
    app.use(express.json(), sse({ hub }));
    app.post("/login", (req, res) => {
      req.session.user = req.body;
      res.sendStatus(204);
    });
    app.post("/logout", (req, res, next) => {
      req.session.destroy((error) => (error ? next(error) : res.sendStatus(204)));
    });
    app.get("/events", requireUser(), (req) => void req.sse.join());`,
  "your-log.mjs": `export { memoryLog as yourLog } from "express-sse-hub";`,
};

/** Runs a sample as a test file, and gives how many tests there were and how many passed. */
async function tally(test: string): Promise<unknown> {
  const folder = await sampleFolder({ ...YOURS, "sample.test.mjs": test });
  const report = await finishSample(folder, "--test-reporter=tap", "sample.test.mjs");
  return report.match(/^# (?:tests|pass) .*$/gm);
}

describe("the guides' samples for tests", () => {
  it(
    "run as pasted: an application is tested",
    async () => {
      const test = sample("test");
      expect(await tally(test)).toEqual(["# tests 1", "# pass 1"]);
      const wrong = test.replace('{ profile: "Administrator" });\n', '{ profile: "Viewer" });\n');
      await expect(tally(wrong)).rejects.toThrow("No order in 5000 ms.");
    },
    TIMEOUT_MS,
  );

  it(
    "run as pasted: a log keeps the contract",
    async () => {
      const count = LOG_CONTRACT.length;
      expect(await tally(sample("own log"))).toEqual([`# tests ${count}`, `# pass ${count}`]);
    },
    TIMEOUT_MS,
  );
});
