import type { FollowedRun } from "../client/index.js";
import { KeptOpen } from "./kept-open.js";

/** The runs that components follow. */
export const openRuns = new KeptOpen<FollowedRun>();
