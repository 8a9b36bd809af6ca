import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { encodeFrame, encodeHubEvent, encodePreamble, withId } from "../../lib/wire/encoder.js";

function parse(bytes: Buffer): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(bytes.toString());
  return events;
}

describe("the encoder", () => {
  it("writes one field a line, ended by a blank line [origin-1]", () => {
    expect(withId("e.1", encodeFrame("message", "hello")).toString()).toBe(
      "id: e.1\nevent: message\ndata: hello\n\n",
    );
  });

  it.each(["a\nb", "a\r\nb", "a\rb"])("splits %j into two lines of data [origin-3]", (text) => {
    expect(encodeFrame("message", text).toString()).toBe("event: message\ndata: a\ndata: b\n\n");
  });

  it("dispatches empty data, and keeps leading spaces and trailing line breaks [encoding-4]", () => {
    const texts = ["", " two", "end\n", "\n\n", ":"];
    const bytes = Buffer.concat(texts.map((text) => encodeFrame("message", text)));
    expect(parse(bytes).map(({ data }) => data)).toEqual(texts);
  });

  it("is read back as it was given, whatever the text", () => {
    const text = fc
      .string({ unit: "binary" })
      .map((drawn) => drawn.toWellFormed().replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
    const name = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((drawn) => !/[\r\n\0]/.test(drawn));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, text)), (events) => {
        const bytes = events.map(([event, data], n) => withId(`e.${n}`, encodeFrame(event, data)));
        expect(parse(Buffer.concat(bytes))).toEqual(
          events.map(([event, data], n) => ({ id: `e.${n}`, event, data })),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it("never lets a text forge a field or an event [encoding-1]", () => {
    const attack = "x\n\nevent: admin\ndata: forged\r\rid: 9\n: y\0";
    expect(parse(encodeFrame("message", attack))).toEqual([
      { id: undefined, event: "message", data: attack.replaceAll("\r", "\n") },
    ]);
  });

  it("begins a stream with retry and a comment", () => {
    expect(encodePreamble(1_500)).toBe("retry: 1500\n:\n");
  });

  it("puts the hub's own words into JSON", () => {
    expect(encodeHubEvent("hub:end", { reason: "close" }, { retryMs: 0 })).toBe(
      'retry: 0\nevent: hub:end\ndata: {"reason":"close"}\n\n',
    );
  });
});
