import { randomUUID } from "node:crypto";
import { LOG_CONTRACT, SHARED_LOG_CONTRACT } from "express-sse-hub/log-contract";
import { migrate, postgresLog } from "express-sse-hub/postgres";
import { describeWithPostgres } from "../support/postgres.js";

describeWithPostgres("postgresLog", (serverOf) => {
  async function createLog(name: string, bounds: { maxEvents: number }) {
    const options = { connectionString: serverOf().url, name };
    await migrate(options);
    const log = postgresLog({ ...options, ...bounds });
    await log.catchUp();
    return log;
  }

  it.each(LOG_CONTRACT)("$name", async (promise) => {
    await expect(promise.run((bounds) => createLog(randomUUID(), bounds))).resolves.toBeUndefined();
  });

  it.each(SHARED_LOG_CONTRACT)("$name", async (promise) => {
    const name = randomUUID();
    await expect(promise.run((bounds) => createLog(name, bounds))).resolves.toBeUndefined();
  });
});
