import type { Express } from "express";
import type { Hub } from "express-sse-hub";
import type { Browser } from "./browser.js";

/** Who signs in for a trial. The profile is what may change. */
export interface TrialUser {
  readonly login: string;
  readonly profile: string;
}

/** One node of the application. */
export interface LoginNode {
  readonly hub: Hub;
  readonly url: string;
}

type Step = (browser: Browser) => Promise<unknown>;

/**
 * How users sign in and out of an application, with a library that people use. All nodes share one login: what
 * an application keeps in a table is kept in it.
 */
export interface Login {
  /** Mounts the library, `sse()`, and the routes that the steps ask. */
  mount(app: Express, hub: Hub): void;
  readonly signIn: Step;
  readonly logOut: Step;
  /** The response to the browser itself makes it a viewer's. */
  readonly demote?: Step;
  /** Makes the user a viewer where the browser's cookie shows nothing of it. */
  readonly demoteElsewhere?: Step;
  /** The response sets the cookie anew, for the same user. */
  readonly roll?: Step;
  /** Makes the credential worthless, and tells nobody. */
  readonly revoke?: Step;
}
