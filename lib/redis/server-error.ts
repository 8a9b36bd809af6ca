/** Trouble with a server, and which one. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** `host:port`, or the path of a socket. */
  readonly server: string;

  constructor(server: string, cause: unknown) {
    super(cause instanceof Error ? messageOf(cause) : String(cause), { cause });
    this.server = server;
  }
}

// Several addresses were tried: each has its own error, and together they have no message.
function messageOf(error: Error): string {
  const { errors } = error as Partial<AggregateError>;
  const [first] = (errors ?? []) as Error[];
  return error.message === "" && first !== undefined ? first.message : error.message;
}
