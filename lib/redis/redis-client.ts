/**
 * A client of the package `redis` (node-redis 5). Only its options are used: connections of the log's
 * own are made with them, and the client itself is neither used nor closed nor listened to.
 */
export interface RedisClient {
  duplicate(): unknown;
  readonly options?: object | undefined;
}

/** What is called on clients of our own. */
export interface OwnClient {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(
    args: ReadonlyArray<string | Buffer>,
    options: { typeMapping: Record<number, unknown> },
  ): Promise<unknown>;
}

/** Makes a client that is not connected yet. */
export type CreateClient = () => Promise<OwnClient>;

// One life each: what was sent on a connection that broke must never be sent again by itself, nothing
// may be sent before the greeting, and replies are read in one form whatever the options say.
const ONE_LIFE = {
  disableOfflineQueue: true,
  disableClientInfo: true,
  maintNotifications: "disabled",
  RESP: undefined,
  clientSideCache: undefined,
  emitInvalidate: undefined,
  commandOptions: undefined,
  pingInterval: undefined,
  commandsQueueMaxLength: undefined,
} as const;

/** Gives what makes the connections of a log: one of the two is there. */
export function clientSource({
  url,
  client,
}: {
  readonly url: string | null;
  readonly client: RedisClient | null;
}): CreateClient {
  if (client !== null) {
    const { socket } = (client.options ?? {}) as { socket?: object };
    const options = { ...ONE_LIFE, socket: { ...socket, reconnectStrategy: false } };
    const duplicate = (client.duplicate as (overrides: object) => unknown).bind(client);
    return () => Promise.resolve(duplicate(options) as OwnClient);
  }
  return async () => {
    const { createClient } = await importRedis();
    const options = { ...ONE_LIFE, url, socket: { reconnectStrategy: false } };
    return createClient(options as object);
  };
}

async function importRedis(): Promise<typeof import("redis")> {
  try {
    return await import("redis");
  } catch (cause) {
    throw new Error(
      "redisLog({ url }) needs the package redis, which could not be loaded: npm install redis@5",
      { cause },
    );
  }
}
