/** What the log needs from a client library: one connection to one server, which connects at most once. */
export interface OwnClient {
  /** The server: `host:port`, or the path of a socket. */
  readonly server: string;
  /** Resolves when commands can be sent. */
  connect(): Promise<unknown>;
  /** Sends a command, once. The answer has the form of RESP 2, with strings as Buffers. */
  send(args: ReadonlyArray<string | Buffer>): Promise<unknown>;
  /** True if an error is the server's own answer, so that the command had no effect. */
  isReply(error: unknown): boolean;
  /** Calls back when the connection has failed, or the server has closed it. */
  onLost(listener: (cause: Error) => void): void;
  /** Ends the connection, also while it is being opened. Idempotent. */
  destroy(): void;
}

/** Makes a client for the server that holds a key now. The client is not connected yet. */
export type CreateClient = (key: string) => Promise<OwnClient>;

/** The address of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export function textOf({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
