/** An error of a server, with its address. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** `host:port`, or the path of a socket. */
  readonly server: string;

  constructor(server: string, cause: unknown) {
    super(messageOf(cause), { cause });
    this.server = server;
  }
}

// If several addresses were tried, the error has no message of its own, but one error for each address.
function messageOf(cause: unknown): string {
  const { message, errors } = cause as Partial<AggregateError>;
  const [first] = (errors ?? []) as Error[];
  return message === "" && first !== undefined ? first.message : (message ?? String(cause));
}
