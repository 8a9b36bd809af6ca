import { debug } from "../diagnostics/debug.js";
import type { Engine } from "./engine.js";
import type { HealthMonitor } from "./health-monitor.js";
import type { LogSession } from "./log-session.js";
import { Reconnector, type ReconnectorParts } from "./reconnector.js";

/**
 * Keeps a connection to the server of a log, and reports its state to the health monitor.
 *
 * @param part the purpose of the connection, for health and debug output
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
      // If this rejects, the connection has ended, which is reported elsewhere.
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
      // Without the message, which may contain an address.
      const { code, name: kind } = cause as NodeJS.ErrnoException;
      debug("%s %s: down, %s", name, part, code ?? kind);
      health.onDown(part, cause);
    },
  });
}
