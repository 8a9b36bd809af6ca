import type { EventLog } from "express-sse-hub";

/** The same log, but for the members given. A function is asked at each access which log that is. */
export function logWith(log: EventLog | (() => EventLog), given: Partial<EventLog>): EventLog {
  const current = typeof log === "function" ? log : () => log;
  return new Proxy(current(), {
    get: (_target, name) => {
      const source = name in given ? given : current();
      const value: unknown = Reflect.get(source, name, source);
      return typeof value === "function" ? (value.bind(source) as unknown) : value;
    },
  });
}
