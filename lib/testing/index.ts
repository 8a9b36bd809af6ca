export { NoStreamError } from "./no-stream-error.js";
export { openStream } from "./open-stream.js";
export type { StreamRequest } from "./stream-request.js";
export type { StreamEvent, Waiting } from "./stream-event.js";
export type { StreamReader } from "./stream-reader.js";
export { visit } from "./visit.js";
export type { VisitOptions, Visitor } from "./visit.js";
