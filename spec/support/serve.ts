import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestEnd } from "./disposers.js";

/** Serves an application on a free port until the end of the test. */
export async function serve(app: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(app);
  // closeAllConnections() knows nothing of those whose request was let go of.
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, server };
}
