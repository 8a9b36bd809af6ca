import { audienceKeyOf } from "../../lib/audience/audience-key.js";
import { Shop, cookieOf } from "../support/shop.js";

describe("what a tick says of a connection's audience", () => {
  it("is the same where user, session and rooms are, and nowhere else", async () => {
    const shop = await Shop.open({
      routes: (app) => {
        app.get("/visit", (req, res) => {
          Object.assign(req.session, { visits: 1 });
          res.end();
        });
      },
    });
    const one = await shop.signIn({ id: 1 });
    const audienceOf = async (path: string, cookie?: string) => {
      const headers = cookie === undefined ? {} : { Cookie: cookie };
      const stream = await shop.stream(`${path}?tick=live`, { headers });
      const tick = await stream.hub("hub:tick");
      return (JSON.parse(tick.data) as { audience: string }).audience;
    };
    const visited = await fetch(`${shop.url}/visit`);
    const visitor = cookieOf(visited.headers.getSetCookie());

    const known = await audienceOf("/events", one);
    const nobody = await audienceOf("/events");

    expect(await audienceOf("/events", one)).toBe(known);
    expect(await audienceOf("/events", visitor)).toBe(nobody);
    const others = [
      await audienceOf("/rooms/desk", one),
      await audienceOf("/rooms/desk"),
      await audienceOf("/events", await shop.signIn({ id: 1 })),
      await audienceOf("/events", await shop.signIn({ id: 2 })),
    ];
    expect(new Set([known, nobody, ...others]).size).toBe(6);
  });

  it("is the same after the expiry of its user has moved", () => {
    const keyOf = (user: Record<string, unknown>) =>
      audienceKeyOf({ user, session: null, rooms: new Set() });
    const [one, later, other] = [
      keyOf({ id: 1, expiresAt: 1 }),
      keyOf({ id: 1, expiresAt: 2 }),
      keyOf({ id: 2, expiresAt: 1 }),
    ];
    expect(later).toBe(one);
    expect(other).not.toBe(one);
  });
});
