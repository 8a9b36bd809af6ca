import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import type { Notice } from "../log/event-log.js";
import type { RecallReason } from "../session/recalls.js";
import type { SessionNotice } from "../session/change-detector.js";
import type { CredentialNotice } from "../session/credential-monitor.js";

/** What the cluster of an application tell each other. */
export type HubNotice =
  | SessionNotice
  | CredentialNotice
  /** All sessions of a store were destroyed. */
  | { readonly kind: "cleared" }
  /** Streams of the users that match are to end. */
  | { readonly kind: RecallReason; readonly matcher: Matcher }
  /** Sessions whose streams have been stopped, so that their browsers are not let in again. */
  | { readonly kind: "stopped"; readonly keys: readonly string[] }
  /** A page of such a session was loaded anew: its browser is let in. */
  | { readonly kind: "loaded"; readonly key: string }
  /** A run is to be ended by its process. */
  | { readonly kind: "cancel"; readonly run: string; readonly token: string };

/** What the cluster of an application ask each other; without a matcher, everybody is meant. */
export interface HubQuestion {
  readonly kind: "users" | "count" | "runs" | "reach" | "stats" | "connections";
  readonly matcher: Matcher | null;
  /** Of `reach` alone: only who is in one of these rooms. */
  readonly rooms?: readonly string[] | null;
  /** Of `connections` alone: of the users with these keys. */
  readonly keys?: readonly string[];
  /** Of `connections` alone: with their addresses, from nodes that tell them. */
  readonly wantsAddresses?: boolean;
}

/** Reads what another node has told. `undefined` for what this version does not understand. */
export function readNotice(notice: Notice): HubNotice | undefined {
  const { kind, key, keys, fingerprints, matcher, run, token } = notice;
  switch (kind) {
    case "session":
      return typeof key === "string" && isTexts(fingerprints)
        ? { kind, key, fingerprints }
        : undefined;
    case "credential":
      return readCredential(notice);
    case "cleared":
      return { kind };
    case "refresh":
    case "stop":
      return isMatcher(matcher) ? { kind, matcher } : undefined;
    case "stopped":
      return isTexts(keys) ? { kind, keys } : undefined;
    case "loaded":
      return typeof key === "string" ? { kind, key } : undefined;
    case "cancel":
      return typeof run === "string" && typeof token === "string"
        ? { kind, run, token }
        : undefined;
    default:
      return undefined;
  }
}

function readCredential(notice: Notice): CredentialNotice | undefined {
  const { key, to, user, expiresAt } = notice;
  const isUnderstood = [key, to, user].every(isTextOrNull) && (key !== null || to !== null);
  if (!isUnderstood || (expiresAt !== null && typeof expiresAt !== "number")) return undefined;
  return { ...(notice as unknown as CredentialNotice), kind: "credential" };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

/** Reads what another node asks. `undefined` for what this version does not understand. */
export function readQuestion(question: Notice): HubQuestion | undefined {
  const { kind, matcher, rooms = null, keys, wantsAddresses } = question;
  if (matcher !== null && !isMatcher(matcher)) return undefined;
  if (kind === "users" || kind === "count" || kind === "runs" || kind === "stats") {
    return { kind, matcher };
  }
  if (kind === "connections") {
    if (!isTexts(keys)) return undefined;
    return { kind, matcher, keys, wantsAddresses: wantsAddresses === true };
  }
  if (kind !== "reach" || (rooms !== null && !isTexts(rooms))) return undefined;
  return { kind, matcher, rooms };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isMatcher(value: unknown): value is Matcher {
  try {
    compileMatcher(value);
    return true;
  } catch {
    return false;
  }
}
