import type { Express } from "express";
import type { FollowOptions, Hub, Run, RunOptions, RunSource, RunTools } from "express-sse-hub";
import { requireUser } from "express-sse-hub";

/** A run whose events a test sends one by one, and whose end it decides. */
export class Script {
  /** What the run was given to work with. */
  tools: RunTools | undefined;
  #end: (error?: Error) => void = () => undefined;

  readonly source: RunSource = (tools) => {
    this.tools = tools;
    return new Promise<void>((resolve, reject) => {
      this.#end = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  };

  say(...words: string[]): void {
    for (const word of words) this.tools?.send("token", word);
  }

  finish(): void {
    this.#end();
  }

  fail(error: Error): void {
    this.#end(error);
  }
}

/** Adds the routes of an application whose answers are runs. */
export function answerRoutes(
  app: Express,
  hub: Hub,
  begin: (id: string) => Run,
  options: FollowOptions = {},
): void {
  app.post("/answers/:id", requireUser(), (req) => {
    const { id } = req.params;
    begin(id);
    void req.sse.follow(id, options);
  });
  app.get("/answers/:id", (req) => {
    void req.sse.follow(req.params.id, options);
  });
  app.delete("/answers/:id", requireUser(), async (req, res) => {
    const { id } = req.params;
    res.json(await hub.cancel(id, { by: req.sse.user }));
  });
}

/** Words that come one by one, in turns of their own. */
export async function* wordsOf(count: number): AsyncGenerator<string> {
  for (let n = 1; n <= count; n += 1) {
    await new Promise(setImmediate);
    yield `w${n}`;
  }
}

export const FOR_ALICE: RunOptions = { for: { name: "alice" }, event: "token" };
