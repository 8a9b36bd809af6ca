import type { EventLog } from "express-sse-hub";

/** The same log, but for the members given. */
export function logWith(log: EventLog, given: Partial<EventLog>): EventLog {
  return new Proxy(log, {
    get: (target, name) => {
      const source = name in given ? given : target;
      const value: unknown = Reflect.get(source, name, source);
      return typeof value === "function" ? (value.bind(source) as unknown) : value;
    },
  });
}
