/** True outside of production: what only helps while an application is written is done then. */
export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== "production";
}

/** Tells the developer of what looks like a mistake and stops nothing. */
export function warn(code: string, text: string): void {
  process.emitWarning(text, { type: "SseHubWarning", code });
}
