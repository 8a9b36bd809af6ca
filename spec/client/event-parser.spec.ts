import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { EventParser, type Block } from "../../lib/client/event-parser.js";

interface Read {
  readonly blocks: Block[];
  readonly retries: number[];
}

function read(pieces: readonly string[]): Read {
  const blocks: Block[] = [];
  const retries: number[] = [];
  const parser = new EventParser(
    (block) => blocks.push(block),
    (ms) => retries.push(ms),
  );
  for (const piece of pieces) parser.feed(piece);
  return { blocks, retries };
}

/** The same by a parser that is not ours. It knows no block without data. */
function readByAnother(text: string): Read {
  const blocks: Block[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: ({ event = "message", data, id }) => blocks.push({ event, data, id }),
    onRetry: (ms) => retries.push(ms),
  });
  parser.feed(text);
  return { blocks, retries };
}

const message = (data: string | undefined, id?: string) => ({ event: "message", data, id });

describe("what the client reads", () => {
  it.each<[what: string, text: string, blocks: object[]]>([
    [
      "an event with all its fields",
      "event: a\ndata: b\nid: 1\n\n",
      [{ event: "a", data: "b", id: "1" }],
    ],
    ["lines of data, empty ones too", "data: a\ndata\ndata:\ndata:  b\n\n", [message("a\n\n\n b")]],
    [
      "whom it is not for",
      "except: x\ndata: a\n\ndata: b\n\n",
      [{ ...message("a"), except: "x" }, message("b")],
    ],
    ["an id alone, without an event", "id: 7\n\n", [message(undefined, "7")]],
    ["an id that is taken back", "id\ndata: a\n\n", [message("a", "")]],
    ["no id with NUL in it", "id: 1\0\ndata: a\n\n", [message("a")]],
    ["no event for a name alone", "event: a\n\ndata: b\n\n", [message("b")]],
    [
      "nothing of comments and of fields it does not know",
      ": a\nx: y\n\ndata: b\n\n",
      [message("b")],
    ],
    ["nothing of an event that was cut", "data: a\n\ndata: b\n", [message("a")]],
    [
      "line ends of every kind",
      "data: a\r\rdata: b\r\n\r\ndata: c\n\n",
      [message("a"), message("b"), message("c")],
    ],
  ])("is %s", (_what, text, blocks) => {
    expect(read([text]).blocks).toEqual(blocks);
  });

  it("is there as soon as its last CR is, whether or not LF follows", () => {
    expect(read(["data: a\r\r"]).blocks).toEqual([message("a")]);
    expect(read(["data: a\r\n\r", "\ndata: b\n\n"]).blocks).toEqual([message("a"), message("b")]);
  });

  it("is a retry of digits alone", () => {
    expect(read(["retry: 5\n\nretry: 5s\n\nretry: -5\n\nretry\n\n"]).retries).toEqual([5]);
  });

  it("is what another parser reads, wherever the network cuts it", () => {
    const field = fc.constantFrom("data", "event", "id", "retry", "", "other");
    const value = fc.stringMatching(/^[ a:0-9\u{1F469}é]{0,6}$/u);
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const line = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(field, value, end).map(([a, b, c]) => `${a}: ${b}${c}`) },
      end.map((one) => `data: x${one}${one}`),
    );
    const text = fc.array(line, { maxLength: 30 }).map((lines) => `${lines.join("")}data: end\n\n`);
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 400 })), (whole, cuts) => {
        const places = [...new Set(cuts)].filter((at) => at < whole.length).sort((a, b) => a - b);
        const pieces = [0, ...places].map((at, n) => whole.slice(at, places[n]));
        const { blocks, retries } = read(pieces);
        const another = readByAnother(whole);
        expect(retries).toEqual(another.retries);
        expect(blocks.filter(({ data }) => data !== undefined)).toEqual(another.blocks);
      }),
    );
  });
});
