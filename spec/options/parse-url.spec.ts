import { parseUrl } from "../../lib/options/parse-url.js";

describe("parseUrl", () => {
  it("knows a host that is not ASCII, however often it is asked", () => {
    let wrong = 0;
    // Enough for Node to compile the call.
    for (let times = 0; times < 100_000; times += 1) {
      if (parseUrl("https://bücher.example")?.host !== "xn--bcher-kva.example") wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  it.each(["", "example.com", "https://", "http://[::1"])("gives nothing for %j", (text) => {
    expect(parseUrl(text)).toBeUndefined();
  });
});
