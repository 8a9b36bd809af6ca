import { createClient } from "redis";
import { redisLog, type RedisLogOptions } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { draftOf } from "../support/log-witness.js";
import { describeWithRedis } from "../support/redis.js";
import { startNode } from "./nodes.js";

describe("the options of redisLog", () => {
  it.each<[RedisLogOptions | Record<string, unknown>, string]>([
    [{}, "neither url nor client"],
    [{ url: "redis://localhost", client: { duplicate: () => ({}) } }, "both url and client"],
    [{ url: "http://user:secret@localhost" }, '"http://…@localhost"'],
    [{ client: {} }, "client"],
    [{ url: "redis://localhost", name: "a b" }, "name"],
    [{ url: "redis://localhost", name: "" }, "name"],
    [{ url: "redis://localhost", secret: "" }, "secret"],
    [{ url: "redis://localhost", maxEvents: 0 }, "maxEvents"],
    [{ url: "redis://localhost", deadlineMs: 0 }, "deadlineMs"],
    [{ urll: "redis://localhost" }, "Did you mean url?"],
  ])("refuse %j", (options, why) => {
    expect(() => redisLog(options as RedisLogOptions)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION", message: expect.stringContaining(why) }),
    );
  });
});

describeWithRedis("redisLog with a client", (urlOf) => {
  it("takes the client's options and leaves the client alone", async () => {
    const client = createClient({
      url: `${urlOf()}/3`,
      RESP: 3,
      socket: { reconnectStrategy: () => 10 },
      commandOptions: { typeMapping: { 36: Buffer } },
    });
    const listeners = client.eventNames();
    const { log } = await startNode({ client, name: "shared" });
    await log.append(draftOf("a"));
    await log.catchUp();
    expect(log.head).toBe(1);
    await log.close();
    expect([client.isOpen, client.eventNames()]).toEqual([false, listeners]);
    await client.connect();
    onTestEnd(() => {
      client.destroy();
    });
    expect(await client.exists("{shared}:log")).toBe(1);
  });

  it("hashes session ids alike on all nodes, under the secret if there is one", async () => {
    const label = async (options: Partial<RedisLogOptions>) =>
      (await startNode({ url: urlOf(), ...options })).log.sessionLabel;
    const [plain, other] = [await label({}), await label({ name: "other" })];
    const [secret, same] = [await label({ secret: "s" }), await label({ secret: "s" })];
    expect(new Set([plain, other, secret]).size).toBe(3);
    expect(same).toBe(secret);
    expect(secret).not.toContain("sse");
  });
});
