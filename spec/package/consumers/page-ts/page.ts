// A page with a bundler, in a project that knows the browser and nothing of Node.
import { connect, type StreamState } from "express-sse-hub/client";

declare module "express-sse-hub/client" {
  interface SseEvents {
    message: string;
    order: { id: number };
  }
}

export function watch(show: (text: string) => void): () => Promise<Response> {
  const stream = connect(new URL("/events", location.href), { shared: true });
  stream.onJson("order", ({ id }) => {
    show(id.toFixed());
  });
  // @ts-expect-error -- no event of the application
  stream.on("oder", show);
  const state: StreamState = stream.state;
  show(state);
  return () => stream.fetch("/orders", { method: "POST" });
}
