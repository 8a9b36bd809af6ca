import { describeWith } from "./support/describe-with.js";
import { openStream } from "./support/open-stream.js";
import { startThreeNodes } from "./support/three-nodes.js";

const REDIS = "/usr/bin/redis-server";
const TIMEOUT_MS = 120_000;

describeWith([REDIS], "the guide's server for several nodes", () => {
  it(
    "brings what one of three nodes sends to the browsers of all, with the same id",
    async () => {
      const { nodes } = await startThreeNodes();
      const readers = await Promise.all(nodes.map(({ url }) => openStream(url, "/events")));
      await Promise.all(readers.map((reader) => reader.opened()));

      const answer = await fetch(`${String(nodes[0]?.url)}/hello`, { method: "POST" });
      const { id } = (await answer.json()) as { id: string };

      const received = await Promise.all(readers.map((reader) => reader.next()));
      expect(received).toEqual(Array(3).fill({ event: "message", data: "hello", id }));
    },
    TIMEOUT_MS,
  );
});
