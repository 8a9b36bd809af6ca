import { debug } from "../diagnostics/debug.js";
import type { Engine } from "./engine.js";
import type { HealthMonitor } from "./health-monitor.js";
import type { LogSession } from "./log-session.js";
import { Reconnector, type ReconnectorParts } from "./reconnector.js";

/**
 * Keeps a connection to the server of a log, and says how it is.
 *
 * @param part what it is for, as health and debug output name it
 */
export function createConnection<S extends LogSession>(
  part: string,
  engine: Pick<Engine<S>, "name" | "open" | "warningOf">,
  health: HealthMonitor,
  served: Pick<ReconnectorParts<S>, "serve">,
): Reconnector<S> {
  const name = engine.name.toLowerCase();
  return new Reconnector({
    open: () => engine.open(),
    serve: (session, up) => {
      // Where it is not told, the connection has ended, which is said elsewhere.
      engine.warningOf(session).then(
        (warning) => {
          health.onWarning(warning);
        },
        () => undefined,
      );
      return served.serve(session, up);
    },
    onUp: () => {
      debug("%s %s: up", name, part);
      health.onUp(part);
    },
    onDown: (cause) => {
      // Not its message, which may name an address.
      const { code, name: kind } = cause as NodeJS.ErrnoException;
      debug("%s %s: down, %s", name, part, code ?? kind);
      health.onDown(part, cause);
    },
  });
}
