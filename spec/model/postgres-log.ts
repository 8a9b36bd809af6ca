import { setTimeout as wait } from "node:timers/promises";
import { migrate } from "express-sse-hub/postgres";
import { PostgresServer } from "../support/postgres.js";
import { holdNode, killNode, type Fault, type StartLog } from "./model-log.js";
import type { NodesWorld } from "./nodes-world.js";

/** A log in PostgreSQL, where events are also parts of transactions. */
export const startPostgresLog: StartLog = async (random) => {
  const server = await PostgresServer.start(random.chance(0.5) ? ["synchronous_commit=off"] : []);
  const connectionString = server.url;
  await migrate({ connectionString });
  const passing = Object.entries({ killNode, holdNode, ...faultsOf(server) });
  return {
    addresses: [{ connectionString }],
    // All but those that end a life of the log, of which there is one.
    drawFaults: () => [...passing, ["killNode", killNode], ["renew", renew(server)]],
  };
};

function faultsOf(server: PostgresServer): Record<string, Fault> {
  return {
    /** Again and again, with transactions under way, of which some are rolled back. */
    terminateBackends: async (world) => {
      for (let times = 0; times < 6; times += 1) {
        startTransactions(world);
        await wait(world.random.below(12));
        await server.sql(TERMINATE);
      }
    },
    /** The same, with nothing that goes wrong. */
    transactions: async (world) => {
      for (let times = 0; times < 6; times += 1) {
        startTransactions(world);
        await wait(world.random.below(40));
      }
    },
    restartPostgres: async (world) => {
      startTransactions(world);
      await wait(world.random.below(12));
      await server.kill();
      await wait(world.random.below(600));
      await server.run();
    },
    /** Long enough for a change not to be told in time. */
    losePostgresForLong: async () => {
      await server.kill();
      await wait(2_500);
      await server.run();
    },
    /** All of it sleeps. */
    holdPostgres: async ({ random }) => {
      server.stop();
      await wait(100 + random.below(800));
      server.goOn();
    },
    /** A node sleeps while so much is broadcast that the log lets go of what it has not read. */
    overtakeNode: async (world) => {
      const [held, other] = world.drawNodes();
      held.stop();
      await world.publish(other, 20 + world.random.below(20));
      await trimTo(world, server, world.random.below(10));
      held.goOn();
    },
    trim: (world) => trimTo(world, server, world.random.below(60)),
  };
}

const TERMINATE =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'";

function startTransactions(world: NodesWorld): void {
  for (const node of world.nodes) {
    world.startTransaction(node, 1 + world.random.below(4));
    world.startPublishing(node, 3);
    world.startRollback(node);
  }
}

/** As somebody does who has put back files of before. */
function renew(server: PostgresServer): Fault {
  return async ({ ledger }) => {
    ledger.losses += 1;
    await server.sql("DELETE FROM sse_meta");
  };
}

async function trimTo({ ledger }: NodesWorld, server: PostgresServer, kept: number): Promise<void> {
  const [row] = await server.sql(
    `SELECT sse_trim(${kept}, 1000000000, 0, 100000); SELECT epoch, trimmed FROM sse_meta`,
  );
  // A log that has just begun anew has nothing to be trimmed.
  if (row !== undefined) ledger.trim({ epoch: String(row.epoch), position: Number(row.trimmed) });
}
