import { readable } from "svelte/store";

/** The newest value of an event, as a store of Svelte. */
export function latestStore(stream, event) {
  const { get, subscribe } = stream.latest(event);
  return readable(get(), (set) => {
    set(get());
    return subscribe(() => set(get()));
  });
}
