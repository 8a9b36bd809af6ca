/** A block of an event stream, as it ended with a blank line. */
export interface Block {
  /** `message` where the stream names none. */
  readonly event: string;
  /** `undefined` where there was none: nothing is dispatched, but an id counts. */
  readonly data: string | undefined;
  readonly id: string | undefined;
  /** Marks the tab that it is not for. */
  readonly except?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;
// A name, and what is behind the colon and one space.
const FIELD = /^([^:]*):? ?([^]*)/;

/**
 * Reads the text of one event stream, however it was cut on its way.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventParser {
  readonly #onBlock: (block: Block) => void;
  readonly #onRetry: (ms: number) => void;
  #line = "";
  #mayBeginWithLineFeed = false;
  #event = "";
  #data: string[] = [];
  #id: string | undefined;
  #except: string | undefined;

  constructor(onBlock: (block: Block) => void, onRetry: (ms: number) => void) {
    this.#onBlock = onBlock;
    this.#onRetry = onRetry;
  }

  feed(text: string): void {
    if (text === "") return;
    // A line that ended with CR has been taken, though LF may follow: no event waits for the next one.
    const lines = text
      .slice(this.#mayBeginWithLineFeed && text.startsWith("\n") ? 1 : 0)
      .split(LINE_END);
    this.#mayBeginWithLineFeed = text.endsWith("\r");
    lines[0] = this.#line + (lines[0] as string);
    this.#line = lines.pop() as string;
    for (const line of lines) this.#take(line);
  }

  // A comment is the field without a name.
  #take(line: string): void {
    const [, name, value] = FIELD.exec(line) as unknown as [string, string, string];
    if (line === "") this.#endBlock();
    else if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "except") this.#except = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.#onRetry(Number(value));
  }

  #endBlock(): void {
    const [event, data, id] = [this.#event || "message", this.#data, this.#id];
    const except = this.#except;
    this.#event = "";
    this.#data = [];
    this.#id = undefined;
    this.#except = undefined;
    if (data.length === 0 && id === undefined) return;
    this.#onBlock({ event, data: data.length === 0 ? undefined : data.join("\n"), id, except });
  }
}
