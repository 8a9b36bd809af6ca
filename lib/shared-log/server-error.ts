/** Trouble with a server, and which one. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** `host:port`, or the path of a socket. */
  readonly server: string;

  constructor(server: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.server = server;
  }
}

// Several addresses were tried: each has its own error, and together they have no message.
function messageOf(cause: unknown): string {
  const { message, errors } = cause as Partial<AggregateError>;
  const [first] = (errors ?? []) as Error[];
  return message === "" && first !== undefined ? first.message : (message ?? String(cause));
}
