import { describeWithPostgres } from "../support/postgres.js";
import { startNode } from "./nodes.js";

const DRAFT = {
  frame: Buffer.from("event: offer\ndata: 9\n\n"),
  audience: { rooms: null, filter: null, except: null },
  retainKey: null,
  isVolatile: false,
};

describeWithPostgres("the log in PostgreSQL", (serverOf) => {
  it("keeps who sent an event from the dashboard, beside the event, for every node", async () => {
    const options = { connectionString: serverOf().url, name: "marks" };
    const [one, other] = [await startNode(options), await startNode(options)];
    const before = other.log.head;
    await one.log.append({ ...DRAFT, sentBy: { id: 1, name: "Alice" } });
    await one.log.append({ ...DRAFT, sentBy: null });
    await one.log.append(DRAFT);
    await other.log.catchUp();
    const { entries } = await other.log.read(before, 1_000_000);
    expect(entries.map(({ sentBy }) => sentBy)).toEqual([
      { id: 1, name: "Alice" },
      null,
      undefined,
    ]);
    expect(entries.map(({ bytes }) => bytes.toString().includes("Alice"))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
