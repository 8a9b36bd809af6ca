import { sample } from "./guides.js";
import { freePort } from "./free-port.js";
import { RedisServer } from "./redis.js";
import { runSample, sampleFolder } from "./sample-server.js";

/** Starts Redis and the guide's server for several nodes, three times, until the end of the test. */
export async function startThreeNodes() {
  const { url: redisUrl } = await RedisServer.start();
  const folder = await sampleFolder({
    "server.mjs": `${sample("several nodes")}\nconsole.log("started");`,
  });
  const nodes = await Promise.all(
    [1, 2, 3].map(async () => {
      const port = await freePort();
      const env = { PORT: String(port), REDIS_URL: redisUrl };
      const { kill } = await runSample(folder, "server.mjs", env);
      return { port, url: `http://127.0.0.1:${port}`, kill };
    }),
  );
  return { redisUrl, nodes, ports: nodes.map(({ port }) => port) };
}
