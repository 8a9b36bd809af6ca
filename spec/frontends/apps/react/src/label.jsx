export function Label({ children }) {
  return <b>first {children}</b>;
}
