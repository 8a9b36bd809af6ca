import type { User } from "../user/user.js";

/** A user and the number of its connections. */
export interface PresentUser {
  readonly user: User;
  /** 0 for a user whose page was closed a moment ago and may be reloading. */
  readonly connections: number;
}
