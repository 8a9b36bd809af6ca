/** The globals of a page that the client uses. A worker and Node have only some of them. */
export interface Page {
  readonly location?: { readonly href: string; readonly origin: string };
  readonly document?: Target & { readonly baseURI: string; readonly visibilityState: string };
  /** Simulated pages, such as those of test tools, may have `null` for missing members. */
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

/** The base of relative URLs; `undefined` if there is no page. */
export function baseUrl(): string | undefined {
  return page.document?.baseURI ?? page.location?.href;
}

/** Calls back when the network is back or the page becomes visible. Returns a function that stops this. */
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
