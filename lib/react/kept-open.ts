// A component that is unmounted and mounted again, for example by StrictMode, gets the same connection.
const LINGER_MS = 500;

// The server has refused it, or this page has closed it. What has ended in any other way is kept.
const REFUSED = ["closed", "unknown", "unauthorized", "forbidden"];

/** A stream or run that components share by its URL. */
export interface Closable {
  readonly state: string;
  close(): void;
}

interface Open<T> {
  readonly shared: T;
  users: number;
  closing?: ReturnType<typeof setTimeout>;
}

/** Keeps one stream or run open for each URL while a component uses it, and half a second longer. */
export class KeptOpen<T extends Closable> {
  // Only effects and subscriptions add to it, so it is empty on a server.
  readonly #open = new Map<string, Open<T>>();

  /** The stream or run of a URL, if a component uses it. */
  get(url: string): T | undefined {
    return this.#open.get(url)?.shared;
  }

  /** Returns the stream or run of a URL, which `make` opens if there is none, and a function that releases it. */
  take(url: string, make: () => T): { readonly shared: T; readonly release: () => void } {
    const open = this.#findOrMake(url, make);
    clearTimeout(open.closing);
    open.users += 1;
    const release = () => {
      open.users -= 1;
      if (open.users > 0) return;
      open.closing = setTimeout(() => {
        open.shared.close();
        this.#open.delete(url);
      }, LINGER_MS);
    };
    return { shared: open.shared, release };
  }

  // If all components of a stream that was refused have been unmounted, the next component opens it again: for example
  // after a login.
  #findOrMake(url: string, make: () => T): Open<T> {
    const known = this.#open.get(url);
    if (known !== undefined && (known.users > 0 || !REFUSED.includes(known.shared.state)))
      return known;
    clearTimeout(known?.closing);
    const open = { shared: make(), users: 0 };
    this.#open.set(url, open);
    return open;
  }
}
