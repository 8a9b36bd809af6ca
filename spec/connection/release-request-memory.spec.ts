import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Held } from "../support/held-requests.js";

const ROOT = join(__dirname, "../..");

/** What a process holds of the requests of its fifty open streams. */
async function held(how: "plain" | "released"): Promise<Held> {
  const args = ["--expose-gc", "--import", "tsx", "spec/support/held-requests.ts", how];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return JSON.parse(stdout) as Held;
}

describe("a server with fifty open streams", () => {
  it("holds no request, response or session of theirs once it has let go of them", async () => {
    expect(await held("released")).toEqual({ streams: 50, requests: 0, responses: 0, sessions: 0 });
  });

  it("holds each where it was not told to let go", async () => {
    expect(await held("plain")).toEqual({ streams: 50, requests: 50, responses: 50, sessions: 50 });
  });
});
