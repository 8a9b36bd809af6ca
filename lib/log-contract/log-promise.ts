import type { EventLog } from "../log/event-log.js";

/** One contractTest of the log contract. */
export interface LogPromise {
  /** What is promised, as the name of a test: "takes an event above any page whole". */
  readonly name: string;
  /**
   * Tries it. Rejects with an AssertionError where it is broken, or with what the log threw. All logs
   * it asked for are closed then.
   *
   * @param createLog gives a fresh log that has been reached, and holds this many events or a few more;
   * for {@link SHARED_LOG_CONTRACT} each time another node of one fresh log
   */
  readonly run: (createLog: CreateLog) => Promise<void>;
}

/** Makes the log that is on trial. */
export type CreateLog = (bounds: { readonly maxEvents: number }) => Promise<EventLog> | EventLog;

/** Makes a contractTest out of a check of a fresh log. */
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
