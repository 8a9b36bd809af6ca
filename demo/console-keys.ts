const CTRL_C = "\u0003";
// What arrow and function keys send: several bytes, the last of which may be one of our letters.
const ESCAPE_SEQUENCE = new RegExp(`${String.fromCharCode(27)}(\\[[0-9;]*|O)?.?`, "g");

/** What a key does, by its letter in lower case. */
export type KeyActions = Readonly<Record<string, () => void>>;

/**
 * Calls an action for each key that has one: in a terminal at once, without Enter; from a pipe for
 * each byte. An input that ends is no key, so a server started without a terminal runs on.
 *
 * @param interrupt what ctrl-C does: a terminal that hands over single keys sends no SIGINT for it
 */
export function listenForKeys(
  input: NodeJS.ReadStream,
  actions: KeyActions,
  interrupt: () => void,
): void {
  if (input.isTTY) input.setRawMode(true);
  input.setEncoding("latin1");
  input.on("data", (keys: string) => {
    for (const key of keys.replace(ESCAPE_SEQUENCE, "")) {
      if (key === CTRL_C) interrupt();
      else actions[key.toLowerCase()]?.();
    }
  });
  // A terminal that has gone away; SIGHUP says the rest.
  input.on("error", () => undefined);
}
