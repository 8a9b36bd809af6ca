import { createParser } from "eventsource-parser";
import type { EventLog, LogEntry } from "../log/event-log.js";
import { isForNobody } from "../log/retained.js";
import type { TailCommand } from "./command.js";
import { openLog } from "./log-place.js";

const PAGE_BYTES = 1_048_576;

/** Prints what is published, a line for each event, until it is told to stop. */
export async function tail({ place }: TailCommand, signal: AbortSignal): Promise<void> {
  const log = openLog(place);
  const stopped = new Promise((resolve) => {
    signal.addEventListener("abort", resolve);
  });
  await Promise.race([stopped, new Printer(log).run()]);
  await log.close();
}

/** Reads on at the head of a log, and prints what comes. */
class Printer {
  readonly #log: EventLog;
  #moved: () => void = () => undefined;
  // At first it begins at the head, too.
  #hasBroken = true;

  constructor(log: EventLog) {
    this.#log = log;
    log.follow({
      onMove: () => {
        this.#moved();
      },
      onBreak: () => {
        this.#hasBroken = true;
        this.#moved();
      },
      onNotice: () => undefined,
      // It has neither users nor connections.
      onQuestion: () => null,
      onError: ({ message }) => {
        process.stderr.write(`${message}\n`);
      },
    });
  }

  /** It gives up only where it is stopped: the server may come back. */
  async run(): Promise<never> {
    await this.#log.catchUp();
    for (let position = 0; ;) {
      if (this.#hasBroken) position = this.#begin();
      const moved = new Promise<void>((resolve) => {
        this.#moved = resolve;
      });
      const { entries, isTrimmed } = await this.#log.read(position, PAGE_BYTES);
      this.#hasBroken ||= isTrimmed;
      if (this.#hasBroken) continue;
      for (const entry of entries) process.stdout.write(lineOf(entry));
      position = entries.at(-1)?.position ?? position;
      if (position >= this.#log.head) await moved;
    }
  }

  // What was not read before is lost.
  #begin(): number {
    const { epoch, head } = this.#log;
    this.#hasBroken = false;
    process.stderr.write(`Listening from ${epoch}.${head} on.\n`);
    return head;
  }
}

/** An event with its audience in one line; nothing for what only takes back a retained event. */
function lineOf({ bytes, audience, isVolatile }: LogEntry): string {
  if (isForNobody(audience)) return "";
  let line = "";
  createParser({
    onEvent: ({ id, event, data }) => {
      const to = describeAudience(audience);
      line = `${[id ?? (isVolatile ? "volatile" : ""), event, oneLine(data), ...to].join(" ")}\n`;
    },
  }).feed(bytes.toString());
  return line;
}

function describeAudience({ rooms, filter, except }: LogEntry["audience"]): string[] {
  return [
    rooms === null ? [] : [`to ${rooms.map((room) => JSON.stringify(room)).join(" and ")}`],
    filter === null ? [] : [`filter ${JSON.stringify(filter)}`],
    except === null ? [] : [`except ${except}`],
  ].flat();
}

// Whatever reads the lines is given one for each event, and a terminal no control characters.
function oneLine(data: string): string {
  const escaped = (character: string) => character.charCodeAt(0).toString(16).padStart(4, "0");
  return data.replace(/\p{Cc}/gu, (character) => `\\u${escaped(character)}`);
}
