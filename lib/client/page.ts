/** What of a page the client uses. A worker and Node have parts of it only. */
export interface Page {
  readonly location?: { readonly href: string; readonly origin: string };
  readonly document?: Target & { readonly baseURI: string; readonly visibilityState: string };
  /** Imitations of a page say `null` for what they do not have. */
  readonly navigator?: { readonly locks?: LockManager | null };
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly addEventListener?: Target["addEventListener"];
  readonly removeEventListener?: Target["removeEventListener"];
  readonly reportError?: (error: unknown) => void;
}

interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** @see https://w3c.github.io/web-locks/ */
export interface LockManager {
  request(
    name: string,
    options: { signal?: AbortSignal; ifAvailable?: boolean; steal?: boolean },
    whileHeld: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/** @see https://html.spec.whatwg.org/multipage/web-messaging.html#broadcasting-to-other-browsing-contexts */
export interface Channel {
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

export const page = globalThis as unknown as Page;

/** What relative URLs are relative to; `undefined` where there is no page. */
export function baseUrl(): string | undefined {
  return page.document?.baseURI ?? page.location?.href;
}

/** Calls back when there may be a network again, or somebody looks at the page. Gives what ends it. */
export function onComeBack(listener: () => void): () => void {
  const onVisible = () => {
    if (page.document?.visibilityState === "visible") listener();
  };
  page.addEventListener?.("online", listener);
  page.document?.addEventListener("visibilitychange", onVisible);
  return () => {
    page.removeEventListener?.("online", listener);
    page.document?.removeEventListener("visibilitychange", onVisible);
  };
}
