import { onTestEnd } from "./support/disposers.js";
import { describeBehindNginx, startNginx, type NginxOptions } from "./support/nginx.js";
import { openStream, type StreamReader, type StreamRequest } from "./support/open-stream.js";
import { Shop, until, type ShopOptions } from "./support/shop.js";

const CONFIGURATIONS: Array<[string, Omit<NginxOptions, "upstream">]> = [
  ["as it comes: HTTP/1.0 to the application, buffering on", {}],
  ["with HTTP/1.1 to the application", { location: "proxy_http_version 1.1;" }],
  [
    "with HTTP/1.1 and connections it would keep",
    { location: 'proxy_http_version 1.1; proxy_set_header Connection "";' },
  ],
  ["with gzip on", { http: "gzip on; gzip_proxied any; gzip_min_length 0;" }],
  [
    "with gzip on for event streams too",
    { http: "gzip on; gzip_proxied any; gzip_min_length 0; gzip_types text/event-stream;" },
  ],
];

async function open(options: Omit<NginxOptions, "upstream">, shopOptions: ShopOptions = {}) {
  const shop = await Shop.open(shopOptions);
  const url = await startNginx({ ...options, upstream: shop.url });
  const stream = async (path = "/events", request?: StreamRequest): Promise<StreamReader> => {
    const reader = await openStream(url, path, request);
    onTestEnd(() => {
      reader.close();
    });
    return reader;
  };
  return { shop, url, stream };
}

describeBehindNginx("behind nginx", () => {
  describe.each(CONFIGURATIONS)("%s", (_what, options) => {
    it("brings first bytes and each event at once, and the reason of the end [socket-4]", async () => {
      const { shop, stream } = await open(options);
      const cookie = await shop.signIn({ login: "alice" });
      const reader = await stream("/events", { cookie });
      expect(await reader.opened()).toMatchObject({ recovered: null });
      const large = "x".repeat(300_000);
      for (const data of ["1", "2", large]) {
        await shop.hub.broadcast("message", data, { login: "alice" });
        expect(await reader.nextData()).toEqual([data]);
      }
      await shop.hub.close();
      expect(await reader.closed).toBe("shutdown");
    });

    it("brings them at once to a browser that takes gzip", async () => {
      const { shop, url } = await open(options);
      const headers = { "Accept-Encoding": "gzip, br", Accept: "text/event-stream" };
      const response = await fetch(`${url}/events`, { headers });
      const isCompressed = options.http?.includes("event-stream") === true;
      expect(response.headers.get("content-encoding")).toBe(isCompressed ? "gzip" : null);
      let text = "";
      const reading = response.body
        ?.pipeThrough(new TextDecoderStream())
        .pipeTo(new WritableStream({ write: (chunk) => void (text += chunk) }));
      await until(() => text.includes("hub:open"), "hub:open");
      for (const data of ["1", "2"]) {
        await shop.hub.broadcast("message", data);
        await until(() => text.endsWith(`data: ${data}\n\n`), "the event");
      }
      await shop.hub.close();
      await reading;
      expect(text).toMatch(/event: hub:end\ndata: {"reason":"shutdown"}\n\n$/);
    });

    it("has the hub notice who leaves, and go on where they come back", async () => {
      const { shop, stream } = await open(options);
      const [leaving, staying] = [await stream(), await stream("/rooms/red")];
      await leaving.opened();
      await staying.opened();
      expect(shop.hub.size).toBe(2);
      leaving.close();
      await until(() => shop.hub.size === 1, "the one that left is gone");
      void shop.hub.broadcast("message", "missed");
      const again = await stream("/events", { lastEventId: leaving.lastEventId });
      expect(await again.opened()).toMatchObject({ recovered: true });
      expect([await again.nextData(), await staying.nextData()]).toEqual([["missed"], ["missed"]]);
    });
  });

  it("keeps a quiet stream open beyond nginx's patience, by heartbeats below it [socket-4]", async () => {
    const { shop, stream } = await open(
      { location: "proxy_read_timeout 5s;" },
      { hub: { heartbeatMs: 250 } },
    );
    const reader = await stream();
    await reader.received(":\n".repeat(24));
    await shop.hub.broadcast("message", "still here");
    expect(await reader.nextData()).toEqual(["still here"]);
  });
});
