import type { EventLog } from "../log/event-log.js";

/** One test of the log contract. */
export interface LogPromise {
  /** The promise, as the name of a test: "keeps an event whole that is larger than a page". */
  readonly name: string;
  /**
   * Runs the test. Rejects with an AssertionError if the promise is broken, or with the error that the log threw. All
   * logs that it created are closed by then.
   *
   * @param createLog returns a new log that has been reached, and that holds `maxEvents` events or a few more. For
   * {@link SHARED_LOG_CONTRACT}, each call in one `run` returns another node of the same new log.
   */
  readonly run: (createLog: CreateLog) => Promise<void>;
}

/** Makes the log to test. */
export type CreateLog = (bounds: { readonly maxEvents: number }) => Promise<EventLog> | EventLog;

/** Makes a test of the contract from a check of a new log. */
export function contractTest(
  name: string,
  maxEvents: number,
  check: (log: EventLog, another: () => Promise<EventLog>) => Promise<void>,
): LogPromise {
  return {
    name,
    run: async (createLog) => {
      const logs: EventLog[] = [];
      const create = async () => {
        const log = await createLog({ maxEvents });
        logs.push(log);
        return log;
      };
      try {
        await check(await create(), create);
      } finally {
        await Promise.all(logs.map((log) => log.close()));
      }
    },
  };
}
