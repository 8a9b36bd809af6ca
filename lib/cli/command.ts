import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Matcher } from "../audience/matcher.js";
import { readPlace, type LogPlace } from "./log-place.js";
import { UsageError } from "./usage.js";

export interface PublishCommand {
  readonly kind: "publish";
  readonly place: LogPlace;
  readonly event: string;
  readonly data: string;
  readonly rooms: readonly string[];
  readonly filter: Matcher | null;
  readonly retainKey: string | null;
  readonly isVolatile: boolean;
}

export interface TailCommand {
  readonly kind: "tail";
  readonly place: LogPlace;
}

export type Command = PublishCommand | TailCommand | { readonly kind: "help" };

const OPTIONS = {
  redis: { type: "string" },
  postgres: { type: "string" },
  schema: { type: "string" },
  name: { type: "string" },
  to: { type: "string", multiple: true },
  filter: { type: "string" },
  retain: { type: "string" },
  volatile: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const PLACE = ["redis", "postgres", "schema", "name"];

/** Reads the arguments. @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  const [kind, ...rest] = positionals;
  if (values.help === true) return { kind: "help" };
  if (kind === "tail") {
    checkNone(rest, Object.keys(values), PLACE);
    return { kind, place: readPlace(values) };
  }
  if (kind !== "publish") {
    const given = kind === undefined ? "No command was given." : `There is no command ${kind}.`;
    throw new UsageError(`${given} Expected publish or tail.`);
  }
  const [event, data, ...others] = rest;
  if (event === undefined || data === undefined) {
    throw new UsageError("publish needs two arguments: the name of an event and its data.");
  }
  checkNone(others, [], []);
  return {
    kind,
    place: readPlace(values),
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
    throw new UsageError(
      `${JSON.stringify(more)} is one argument too many. Put data that contains spaces into quotes.`,
    );
  }
  const wrong = given.find((name) => !allowed.includes(name));
  if (wrong !== undefined) {
    throw new UsageError(`tail does not take --${wrong}. Expected only options that name the log.`);
  }
}

// Its content is checked when the matcher is compiled.
function toMatcher(text: string): Matcher {
  try {
    return JSON.parse(text) as Matcher;
  } catch (cause) {
    throw new UsageError(
      `The filter is ${text}. Expected JSON, such as '{"profile":"Viewer"}' in quotes.`,
      { cause },
    );
  }
}
