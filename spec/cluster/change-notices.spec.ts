import { FaultProxy } from "../support/fault-proxy.js";
import { describeWithRedis } from "../support/redis.js";
import { Cluster, post } from "./cluster.js";

const ALICE = { login: "alice", profile: "Administrator" };

describeWithRedis("a node that hears late of what the others do", (urlOf) => {
  it("still tells them of a demotion, although it had told the same of an earlier one", async () => {
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    proxy.delayMs = 300;
    const [cluster, near, other] = await Cluster.open({
      url: urlOf(),
      shop: {
        routes: (app) => {
          app.post("/promote", (req, res) => {
            Object.assign(req.session, { user: ALICE });
            res.sendStatus(204);
          });
        },
      },
    });
    const far = await cluster.start(proxy.url.replace("http", "redis"));
    const cookie = await near.signIn(ALICE);
    // Who is answered has read the log.
    await far.hub.count();
    await post(far, "/demote", cookie);
    await post(near, "/promote", cookie);
    const stream = await other.stream("/events", { cookie });
    await post(far, "/demote", cookie);
    await near.hub.broadcast("secret", "not for a viewer", { profile: "Administrator" });

    expect(await stream.closed).toBe("user");
    expect(stream.pending).toEqual([]);
  });
});
