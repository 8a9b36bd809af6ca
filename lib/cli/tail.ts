import { createParser } from "eventsource-parser";
import type { EventLog, LogEntry } from "../log/event-log.js";
import { isForNobody } from "../log/retained.js";
import type { TailCommand } from "./command.js";
import { openLog } from "./log-place.js";

const PAGE_BYTES = 1_048_576;

/** Prints each new event on a line, until the signal is aborted. */
export async function tail({ place }: TailCommand, signal: AbortSignal): Promise<void> {
  const log = openLog(place);
  const stopped = new Promise((resolve) => {
    signal.addEventListener("abort", resolve);
  });
  await Promise.race([stopped, new Printer(log).run()]);
  await log.close();
}

/** Reads new entries of a log, and prints them. */
class Printer {
  readonly #log: EventLog;
  #moved: () => void = () => undefined;
  // True at first, because it begins at the head, as after a break.
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
      // This process has no connections, so it has no answer.
      onQuestion: () => null,
      onError: ({ message }) => {
        process.stderr.write(`${message}\n`);
      },
    });
  }

  /** Never resolves: it waits even while the server cannot be reached. */
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

  // Entries before the head that were not read are lost.
  #begin(): number {
    const { epoch, head } = this.#log;
    this.#hasBroken = false;
    process.stderr.write(`Listening from ${epoch}.${head} on.\n`);
    return head;
  }
}

/** An event with its audience in one line; nothing for an entry that only clears a retain key. */
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

// Escapes control characters, so that an event is one line and cannot control a terminal.
function oneLine(data: string): string {
  const escaped = (character: string) => character.charCodeAt(0).toString(16).padStart(4, "0");
  return data.replace(/\p{Cc}/gu, (character) => `\\u${escaped(character)}`);
}
