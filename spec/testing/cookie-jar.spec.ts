import { CookieJar } from "../../lib/testing/cookie-jar.js";

/** What a jar sends to a path after answers that set these cookies. */
function sent(headers: readonly string[], to = "/", from = "/"): string | undefined {
  const jar = new CookieJar();
  for (const header of headers) jar.take([header], from);
  return jar.headerFor(to);
}

const YESTERDAY = new Date(Date.now() - 86_400_000).toUTCString();
const TOMORROW = new Date(Date.now() + 86_400_000).toUTCString();

describe("a visitor's cookies", () => {
  it.each<[string, readonly string[], string | undefined]>([
    [
      "go back as they came, attributes aside",
      ["a=1; Path=/; HttpOnly; Secure", "b=x=y"],
      "a=1; b=x=y",
    ],
    ["are replaced by name", ["a=1", "b=2", "a=3"], "b=2; a=3"],
    [
      "are cleared by a date that has passed",
      ["a=1; Path=/", `a=; Path=/; Expires=${YESTERDAY}`],
      undefined,
    ],
    [
      "are cleared by an age of 0, whatever the date",
      [`a=1; Max-Age=0; Expires=${TOMORROW}`],
      undefined,
    ],
    ["stay until the date", [`a=1; Expires=${TOMORROW}`, "b=2; max-age=60"], "a=1; b=2"],
    ["stay where a date cannot be read", ["a=1; Expires=soon; Max-Age=x"], "a=1"],
    ["may be empty", ["a="], "a="],
  ])("%s", (_what, headers, expected) => {
    expect(sent(headers)).toBe(expected);
  });

  it.each<[string, string, string, string | undefined]>([
    ["/shop", "/", "/shop", "a=1"],
    ["/shop", "/", "/shop/cart", "a=1"],
    ["/shop/", "/", "/shop/cart", "a=1"],
    ["/shop", "/", "/shopping", undefined],
    ["/shop", "/", "/", undefined],
    ["", "/shop/login", "/shop/cart", "a=1"],
    ["", "/shop/login", "/", undefined],
    ["", "/login", "/events", "a=1"],
  ])("of the path %j, set by an answer from %s, go to %s: %s", (path, from, to, expected) => {
    expect(sent([path === "" ? "a=1" : `a=1; Path=${path}`], to, from)).toBe(expected);
  });

  it("of the longest path come first", () => {
    expect(sent(["a=1; Path=/", "a=2; Path=/shop"], "/shop/cart")).toBe("a=2; a=1");
  });
});
