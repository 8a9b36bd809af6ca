const CTRL_C = "\u0003";
// Arrow keys and function keys send several bytes, the last of which may be one of our letters. Such bytes are ignored.
const ESCAPE_SEQUENCE = new RegExp(`${String.fromCharCode(27)}(\\[[0-9;]*|O)?.?`, "g");

/** The action of each key, by its letter in lower case. */
export type KeyActions = Readonly<Record<string, () => void>>;

/**
 * Calls the action of each key that is pressed. In a terminal this needs no Enter; from a pipe, each byte is a key. If
 * the input ends, nothing happens, so a server without a terminal goes on.
 *
 * @param interrupt the action of ctrl-C: a terminal in raw mode sends no SIGINT for it
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
  // The terminal was closed. SIGHUP then ends the process.
  input.on("error", () => undefined);
}
