/** The fields of an event stream up to a blank line. */
export interface Block {
  /** `message` if the block has no name. */
  readonly event: string;
  /** `undefined` if the block has no data: then no event is dispatched, but the id counts. */
  readonly data: string | undefined;
  readonly id: string | undefined;
  /** The mark of the tab that the event is not for. */
  readonly except?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;
// The name of a field, and the value after the colon and one space.
const FIELD = /^([^:]*):? ?([^]*)/;

/**
 * Parses the text of one event stream, which may be cut anywhere.
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
    // A line that ends with CR is processed at once, although LF may follow in the next text.
    const lines = text
      .slice(this.#mayBeginWithLineFeed && text.startsWith("\n") ? 1 : 0)
      .split(LINE_END);
    this.#mayBeginWithLineFeed = text.endsWith("\r");
    lines[0] = this.#line + (lines[0] as string);
    this.#line = lines.pop() as string;
    for (const line of lines) this.#take(line);
  }

  // A comment is a field without a name, so it is ignored here.
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
