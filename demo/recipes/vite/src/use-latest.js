import { onScopeDispose, shallowRef } from "vue";

/** The newest value of an event, as a ref of Vue. */
export function useLatest(stream, event) {
  const latest = stream.latest(event);
  const value = shallowRef(latest.get());
  onScopeDispose(
    latest.subscribe(() => {
      value.value = latest.get();
    }),
  );
  return value;
}
