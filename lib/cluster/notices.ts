import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import type { Notice } from "../log/event-log.js";
import type { RecallReason } from "../session/recalls.js";
import type { SessionNotice } from "../session/change-detector.js";
import type { CredentialNotice } from "../session/credential-monitor.js";

/** The messages that the nodes of an application send each other. */
export type HubNotice =
  | SessionNotice
  | CredentialNotice
  /** All sessions of a store were destroyed. */
  | { readonly kind: "cleared" }
  /** End the streams of the users that match. */
  | { readonly kind: RecallReason; readonly matcher: Matcher }
  /** The streams of these sessions were stopped, so that their browsers must not be admitted again. */
  | { readonly kind: "stopped"; readonly keys: readonly string[] }
  /** The user of such a session has loaded a page again, so that its browser is admitted. */
  | { readonly kind: "loaded"; readonly key: string }
  /** The process of this run must cancel it. */
  | { readonly kind: "cancel"; readonly run: string; readonly token: string };

/** The questions that the nodes of an application ask each other. `matcher: null` asks about all users. */
export interface HubQuestion {
  readonly kind: "users" | "count" | "runs" | "reach" | "stats" | "connections";
  readonly matcher: Matcher | null;
  /** Only for `reach`: count connections in these rooms only. */
  readonly rooms?: readonly string[] | null;
  /** Only for `connections`: the keys of the users. */
  readonly keys?: readonly string[];
  /** Only for `connections`: include addresses, if the node keeps them. */
  readonly wantsAddresses?: boolean;
}

/** Reads a message of another node; `undefined` if this version does not understand it. */
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

/** Reads a question of another node; `undefined` if this version does not understand it. */
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
