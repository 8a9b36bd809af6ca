import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestEnd } from "./disposers.js";

/** A socket that is spoken to in bytes, and what came back so far. */
export interface RawReader {
  readonly socket: Socket;
  /** Everything received, head included, a character for each byte. */
  text: string;
}

/** Sends bytes as they are, well-formed or not, and gives what comes back as it grows. */
export async function rawRequest(url: string, text: string): Promise<RawReader> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestEnd(() => socket.destroy());
  await once(socket, "connect");
  const reader = { socket, text: "" };
  socket.on("data", (bytes) => (reader.text += bytes.toString("latin1")));
  socket.on("error", () => undefined);
  socket.write(text);
  return reader;
}
