import { readFileSync } from "node:fs";
import { join } from "node:path";
import bcd, { type Identifier, type SimpleSupportStatement } from "@mdn/browser-compat-data";

/** A global, or a member of one, that not all browsers have which package.json says we support. */
export interface MissingApi {
  readonly owner: string;
  /** Without it, the global itself is missing. */
  readonly member?: string;
  readonly isStatic?: boolean;
}

const { browserslist } = JSON.parse(
  readFileSync(join(__dirname, "../../package.json"), "utf8"),
) as { browserslist: readonly string[] };

const OLDEST = browserslist.map((entry) => {
  const [name = "", , version] = entry.split(" ");
  return { name: name === "ios_saf" ? "safari_ios" : name, version: Number(version) };
});

/** All that one of the oldest browsers lacks, of the web and of the language. */
export function missingApis(): MissingApi[] {
  return [bcd.api, bcd.javascript.builtins].flatMap((part) =>
    Object.entries(part as Record<string, Identifier>).flatMap(([owner, global]) => {
      if (isMissing(global)) return [{ owner }];
      return Object.entries(global)
        .filter(([member, one]) => /^\w+$/.test(member) && isMissing(one as Identifier))
        .map(([member]) => ({
          owner,
          member: member.replace(/_static$/, ""),
          isStatic: member.endsWith("_static"),
        }));
    }),
  );
}

function isMissing({ __compat }: Identifier): boolean {
  if (__compat === undefined) return false;
  return OLDEST.some(({ name, version }) => {
    const support = __compat.support[name as keyof typeof __compat.support];
    const statements: SimpleSupportStatement[] = [support ?? []].flat();
    return !statements.some(({ version_added: since, prefix, flags }) => {
      const added = typeof since === "string" ? Number.parseFloat(since.replace("≤", "")) : NaN;
      return added <= version && prefix === undefined && flags === undefined;
    });
  });
}

/** Takes them away from a page. Runs in it, before its own scripts. */
export function takeAway(missing: readonly MissingApi[]): void {
  const globals = globalThis as unknown as Record<string, Record<string, unknown> | undefined>;
  for (const { owner, member, isStatic } of missing) {
    const global = globals[owner];
    if (member === undefined) {
      Reflect.deleteProperty(globalThis, owner);
      continue;
    }
    if (typeof global !== "function" && typeof global !== "object") continue;
    const target = isStatic === true ? global : global.prototype;
    // The data names a builtin's own functions and those of its values alike.
    if (target !== undefined) Reflect.deleteProperty(target as object, member);
    if (Object.hasOwn?.(global, member)) Reflect.deleteProperty(global, member);
  }
}
