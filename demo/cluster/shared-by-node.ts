import { RedisStore } from "connect-redis";
import connectPgSimple from "connect-pg-simple";
import session from "express-session";
import { postgresLog } from "express-sse-hub/postgres";
import { redisLog } from "express-sse-hub/redis";
import { Pool } from "pg";
import { createClient } from "redis";
import type { SharedByNodes } from "../app.js";

/** Where the server of the nodes is; one of the two is given. */
export interface SharedPlace {
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly secret: string;
}

/** What a node has of the server: its log and its sessions. */
export async function sharedBy(
  { redisUrl, databaseUrl, secret }: SharedPlace,
  onError: (error: Error) => void,
): Promise<Pick<SharedByNodes, "log" | "store">> {
  if (databaseUrl !== undefined) {
    const pool = new Pool({ connectionString: databaseUrl });
    pool.on("error", onError);
    const PgStore = connectPgSimple(session);
    return { log: postgresLog({ pool, secret }), store: new PgStore({ pool }) };
  }
  const client = createClient({ url: redisUrl ?? "" });
  client.on("error", onError);
  await client.connect();
  return { log: redisLog({ client, secret }), store: new RedisStore({ client }) };
}
