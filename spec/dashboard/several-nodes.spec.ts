import supertest from "supertest";
import { dashboard } from "express-sse-hub/dashboard";
import { Cluster } from "../cluster/cluster.js";
import { describeWithRedis } from "../support/redis.js";
import { ADMINISTRATORS, ALICE, BOB, tokenFor } from "./dashboard-shop.js";

describeWithRedis("the dashboard of one of several nodes", (urlOf) => {
  it("reaches the connections of all, with the token that another one gave", async () => {
    const [, ...nodes] = await Cluster.open({
      url: urlOf(),
      shop: {
        routes: (app, hub) => app.use("/sse-admin", dashboard({ hub, allow: ADMINISTRATORS })),
      },
    });
    const [alice, bob] = [await nodes[0].signIn(ALICE), await nodes[0].signIn(BOB)];
    await nodes[0].stream("/events", { cookie: bob });
    await nodes[1].stream("/events", { cookie: bob });
    await nodes[1].stream("/rooms/news");
    const stream = await nodes[2].stream("/rooms/news", { cookie: bob });
    const token = await tokenFor(nodes[0], alice);
    const post = (path: string, body: object) =>
      supertest(nodes[2].url)
        .post(`/sse-admin/${path}`)
        .set({ Cookie: alice, "SSE-Dashboard-Token": token, "Sec-Fetch-Site": "same-origin" })
        .send(body)
        .expect(200);
    const reach = async (body: object) => (await post("reach", body)).body as object;
    expect(await reach({ matcher: '{"profile":"Viewer"}' })).toEqual({
      connections: 3,
      users: 1,
      shown: [{ user: BOB, connections: 3 }],
    });
    expect(await reach({ rooms: ["news"] })).toMatchObject({ connections: 2, users: 1 });
    await post("send", { rooms: ["news"], event: "offer", data: "9" });
    expect(await stream.next()).toMatchObject({ event: "offer", data: "9" });
  });
});
