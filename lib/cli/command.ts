import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Matcher } from "../audience/matcher.js";

/** What is printed for `--help`. */
export const USAGE = `Usage:
  express-sse-hub publish <event> <data> [options]   broadcasts an event, and prints its id
  express-sse-hub tail [options]                     prints what is published from now on

Data is sent as it is, such as '{"id":1}'. With - it is read from the standard input.

Options:
  --redis <url>      the Redis of the log; default: REDIS_URL of the environment
  --name <name>      the name of the log, if your redisLog() has one
  --to <room>        publish: to this room; give it several times for several rooms
  --filter <json>    publish: to the users that this matcher matches, such as '{"profile":"Viewer"}'
  --retain <key>     publish: keep it under this key for browsers that connect later
  --volatile         publish: only for browsers that are connected now
  --help             prints this
`;

/** The arguments are not understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Which log is meant. */
export interface LogPlace {
  readonly url: string;
  readonly name?: string;
}

export interface PublishCommand extends LogPlace {
  readonly kind: "publish";
  readonly event: string;
  readonly data: string;
  readonly rooms: readonly string[];
  readonly filter: Matcher | null;
  readonly retainKey: string | null;
  readonly isVolatile: boolean;
}

export interface TailCommand extends LogPlace {
  readonly kind: "tail";
}

export type Command = PublishCommand | TailCommand | { readonly kind: "help" };

const OPTIONS = {
  redis: { type: "string" },
  name: { type: "string" },
  to: { type: "string", multiple: true },
  filter: { type: "string" },
  retain: { type: "string" },
  volatile: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Reads the arguments. @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  const [kind, ...rest] = positionals;
  if (values.help === true) return { kind: "help" };
  if (kind === "tail") {
    checkNone(rest, Object.keys(values), ["redis", "name"]);
    return { kind, ...placeOf(values) };
  }
  if (kind !== "publish") {
    const given = kind === undefined ? "No command was given." : `There is no command ${kind}.`;
    throw new UsageError(`${given} Expected publish or tail.`);
  }
  const [event, data, ...others] = rest;
  if (event === undefined || data === undefined) {
    throw new UsageError("publish needs the name of an event and its data.");
  }
  checkNone(others, [], []);
  return {
    kind,
    ...placeOf(values),
    event,
    data: data === "-" ? readFileSync(0, "utf8") : data,
    rooms: values.to ?? [],
    filter: values.filter === undefined ? null : toMatcher(values.filter),
    retainKey: values.retain ?? null,
    isVolatile: values.volatile === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function checkNone(
  positionals: readonly string[],
  given: readonly string[],
  allowed: readonly string[],
): void {
  const [more] = positionals;
  if (more !== undefined) {
    throw new UsageError(`${JSON.stringify(more)} is too much. Put data with spaces into quotes.`);
  }
  const wrong = given.find((name) => !allowed.includes(name));
  if (wrong !== undefined) throw new UsageError(`tail takes no option --${wrong}.`);
}

function placeOf({ redis, name }: { redis?: string; name?: string }): LogPlace {
  const url = redis ?? process.env.REDIS_URL;
  if (url === undefined || url === "") {
    throw new UsageError("Which Redis is not said. Give --redis redis://host:6379, or REDIS_URL.");
  }
  return name === undefined ? { url } : { url, name };
}

// What is in it is checked where the matcher is compiled.
function toMatcher(text: string): Matcher {
  try {
    return JSON.parse(text) as Matcher;
  } catch (cause) {
    throw new UsageError(`The filter is no JSON: ${text}`, { cause });
  }
}
