import type { LogDraft } from "../../lib/log/event-log.js";
import { createEntry, readHead, writeHead } from "../../lib/shared-log/shared-entry.js";

const DRAFT: LogDraft = {
  frame: Buffer.from("data: 1\n\n"),
  audience: { rooms: ["desk"], filter: { login: 'al",\n"trace":"ice"}' }, except: null },
  retainKey: null,
  isVolatile: false,
};

describe("what stands beside an event in a shared log", () => {
  it.each(["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 'a "quoted"\n\\ text', ""])(
    "gives back what a tracer set: %j",
    (traceContext) => {
      const head = readHead(writeHead({ ...DRAFT, traceContext }));

      expect(head).toEqual({
        audience: DRAFT.audience,
        retainKey: null,
        isVolatile: false,
        traceContext,
      });
      const place = { epoch: "life", position: 7 };
      expect(head && createEntry(head, DRAFT.frame, place)).toMatchObject({ traceContext });
    },
  );

  it("is written as before where nobody traces", () => {
    expect(JSON.parse(writeHead(DRAFT))).toEqual({
      ...DRAFT.audience,
      retainKey: null,
      isVolatile: false,
    });
    expect(readHead(writeHead(DRAFT))).not.toHaveProperty("traceContext");
  });

  it("is one audience for events that differ in their trace alone, so that it is compiled once", () => {
    const heads = ["one", "two"].map((traceContext) =>
      readHead(writeHead({ ...DRAFT, retainMs: 1_000, traceContext })),
    );

    expect(heads.map((head) => head?.traceContext)).toEqual(["one", "two"]);
    expect(heads[0]?.audience).toBe(heads[1]?.audience);
  });

  it.each(['"\\q"', '"a\tb"', "7"])("is not understood with %s for a trace", (trace) => {
    const text = writeHead(DRAFT).replace(/\}$/, `,"trace":${trace}}`);

    // What is no text is none of ours, and left alone.
    const isText = trace.startsWith('"');
    expect(readHead(text) === null).toBe(isText);
  });
});
