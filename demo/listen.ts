import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens on a port and returns the port that it got. Rejects with an error that says what to do. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new Error(explain(cause, port), { cause }));
    });
    server.listen(port, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function explain({ code, message }: NodeJS.ErrnoException, port: number): string {
  const advice = `set PORT=${port === 2016 ? 2017 : 2016}, or any other that is free`;
  if (code === "EADDRINUSE") return `Port ${port} is taken: ${advice}.`;
  if (code === "EACCES") return `Port ${port} is not for you to listen on: ${advice}.`;
  return message;
}
