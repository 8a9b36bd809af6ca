import { checkEventName, toText } from "../../lib/wire/event.js";

const MAX = 1_048_576;

class NoFields {
  greet(): string {
    return "hello";
  }
}

describe("checkEventName", () => {
  it.each(["message", "order.created", " leading space", "Grüße", "a:b", "x".repeat(300)])(
    "takes %j",
    (name) => {
      expect(() => {
        checkEventName(name);
      }).not.toThrow();
    },
  );

  it.each([
    ["a\nb", "CR, LF, NUL"],
    ["a\rb", "CR, LF, NUL"],
    ["a\0b", "CR, LF, NUL"],
    ["\ud800", "lone surrogate"],
    ["", "not empty"],
    [undefined, "not empty"],
    [7, "not empty"],
    ["hub:open", 'does not begin with "hub:"'],
    ["hub:", 'does not begin with "hub:"'],
    ["error", "other than error and open"],
    ["open", "other than error and open"],
  ])("refuses %j, and says why [encoding-1]", (name, why) => {
    expect(() => {
      checkEventName(name);
    }).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FIELD", message: expect.stringContaining(why) }),
    );
  });
});

describe("toText", () => {
  it.each([
    ["text", "text"],
    ["", ""],
    ["7", "7"],
    [7, "7"],
    [null, "null"],
    [{ a: [1, "x"] }, '{"a":[1,"x"]}'],
    [{ a: undefined }, "{}"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ n: Object(7) as unknown, none: {} }, '{"n":7,"none":{}}'],
    [new NoFields(), "{}"],
    [[{}, Object.create(null)], "[{},{}]"],
    [Buffer.from("a"), '{"type":"Buffer","data":[97]}'],
  ])("gives %j as %j", (data, text) => {
    expect(toText(data, MAX)).toBe(text);
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  it.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["BigInt", 1n],
    ["BigInt inside", { id: 1n }],
    ["a cycle", cycle],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
    ],
  ])("refuses %s", (_what, data) => {
    expect(() => toText(data, MAX)).toThrow(expect.objectContaining({ code: "ERR_SSE_DATA" }));
  });

  it("counts bytes of UTF-8, not characters", () => {
    expect(toText("äää", 6)).toBe("äää");
    expect(() => toText("äää", 5)).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_DATA",
        message: expect.stringContaining("6 bytes"),
      }),
    );
  });

  it.each([
    ["a Map", new Map([["a", 1]]), "holds a Map, whose", "pass Object.fromEntries(it)"],
    ["an empty Map", new Map(), "holds a Map, whose", "pass Object.fromEntries(it)"],
    ["a Set inside", { tags: [new Set([1])] }, "holds a Set at tags.0, whose", "pass [...it]"],
    ["a typed array", new Uint8Array([1, 2]), "holds a Uint8Array, whose", "or [...array]"],
    ["an ArrayBuffer", { file: new ArrayBuffer(2) }, "an ArrayBuffer at file", "base64"],
    ["an Error", { error: new Error("x") }, "holds an Error at error", "error.message"],
    ["Headers", new Headers({ a: "b" }), "holds a Headers, whose", "Object.fromEntries(it)"],
    ["a RegExp", [/x/], "holds a RegExp at 0", "a plain object or an array"],
    ["a promise", { user: Promise.resolve(1) }, "a Promise at user", "await it first"],
  ])("refuses %s, which JSON empties, and says what to pass", (_what, data, given, remedy) => {
    const message = expect.stringMatching(new RegExp(`${escaped(given)}.*${escaped(remedy)}`));
    expect(() => toText(data, MAX)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_DATA", message }),
    );
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
