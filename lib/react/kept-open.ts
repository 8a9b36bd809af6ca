// A component that moves, or that StrictMode mounts twice, takes the same connection again.
const LINGER_MS = 500;

/** What components share by its URL. */
export interface Closable {
  readonly state: string;
  close(): void;
}

interface Open<T> {
  readonly shared: T;
  users: number;
  closing?: ReturnType<typeof setTimeout>;
}

/** One of its kind for each URL, kept for as long as a component uses it, and a moment longer. */
export class KeptOpen<T extends Closable> {
  // Only effects and subscriptions put anything here, so it is empty on a server.
  readonly #open = new Map<string, Open<T>>();

  /** What a URL has, if a component uses it. */
  get(url: string): T | undefined {
    return this.#open.get(url)?.shared;
  }

  /** Gives what a URL has, made now if there is none, and what undoes this call. */
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

  // What ended for good is opened anew by whoever comes after all have left, as after a login.
  #findOrMake(url: string, make: () => T): Open<T> {
    const known = this.#open.get(url);
    if (known !== undefined && (known.users > 0 || known.shared.state !== "closed")) return known;
    clearTimeout(known?.closing);
    const open = { shared: make(), users: 0 };
    this.#open.set(url, open);
    return open;
  }
}
