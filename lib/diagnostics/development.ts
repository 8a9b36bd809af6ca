/** True unless `NODE_ENV` is `production`: then the hub warns about likely mistakes. */
export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== "production";
}

/** Emits a process warning about a likely mistake. */
export function warn(code: string, text: string): void {
  process.emitWarning(text, { type: "SseHubWarning", code });
}
