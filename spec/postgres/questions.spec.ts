import type { EventLog, LogFollower } from "express-sse-hub";
import { migrate, postgresLog } from "express-sse-hub/postgres";
import { onTestEnd } from "../support/disposers.js";
import { describeWithPostgres } from "../support/postgres.js";

const NODES = 4;
// As if transactions that got their ids in one order were committed in another one.
const OTHER_ORDER = `
CREATE FUNCTION other_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_sleep(0.1 * (NEW.id % 3));
  NEW.id := 1000000 - NEW.id;
  RETURN NEW;
END $$;
CREATE TRIGGER other_order BEFORE INSERT ON questions_answers FOR EACH ROW EXECUTE FUNCTION other_order();`;

describeWithPostgres("a question to all nodes", (serverOf) => {
  it("has the answers of all, in whatever order they are committed", async () => {
    const place = { connectionString: serverOf().url, name: "questions" };
    await migrate(place);
    await serverOf().sql(OTHER_ORDER);
    const logs = Array.from({ length: NODES }, () => postgresLog(place));
    onTestEnd(() => Promise.all(logs.map((log) => log.close())));
    logs.forEach(follow);
    await Promise.all(logs.map((log) => log.catchUp()));

    const answers = await logs[0]?.ask({ kind: "x" });

    expect(answers?.sort()).toEqual([0, 1, 2, 3]);
  });
});

function follow(log: EventLog, n: number): void {
  const follower: LogFollower = {
    onMove: () => undefined,
    onNotice: () => undefined,
    onBreak: () => undefined,
    onError: () => undefined,
    onQuestion: () => n,
  };
  log.follow(follower);
}
