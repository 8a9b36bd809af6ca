import type { LogState } from "../shared-log/log-state.js";
import type { Row } from "./postgres-session.js";

/** Decodes the state of the log; see `LogStatements.state`. */
export function readState([row]: readonly Row[]): LogState {
  return {
    epoch: row?.epoch ?? "",
    head: Number(row?.head ?? 0),
    event: Number(row?.event ?? 0),
    trimmed: Number(row?.trimmed_event ?? 0),
    time: Number(row?.now ?? 0),
  };
}
