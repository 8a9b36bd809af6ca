// The events of the application, for its server and its pages.
import type {} from "express-sse-hub/client";

declare module "express-sse-hub/client" {
  interface SseEvents {
    message: string;
    order: { id: number };
  }
}
