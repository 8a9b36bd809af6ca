// A rule of ESLint: the browser client uses nothing that one of the browsers we support does not have.
// eslint-plugin-compat knows no static method of an interface, such as URL.canParse(), and no method of
// a value, such as AbortSignal's throwIfAborted(): what a name stands for is asked of the types here.
import bcd from "@mdn/browser-compat-data" with { type: "json" };
import { OLDEST_BROWSERS } from "../../lib/bundle/browsers.mjs";

const BCD_NAMES = { ios_saf: "safari_ios" };
const OLDEST = OLDEST_BROWSERS.map(({ name, version }) => ({
  name,
  bcdName: BCD_NAMES[name] ?? name,
  version: Number.parseFloat(version),
}));

/** @type {import("eslint").Rule.RuleModule} */
export const supportedApis = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      missing: "{{api}} is missing in {{browsers}}, which package.json says we support.",
    },
  },
  create(context) {
    const { program, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();
    const symbolOf = (node) => checker.getSymbolAtLocation(esTreeNodeToTSNodeMap.get(node));
    const check = (node, api, support) => {
      const browsers = missingIn(support);
      if (browsers.length === 0) return;
      context.report({ node, messageId: "missing", data: { api, browsers: browsers.join(", ") } });
    };
    return {
      "Program:exit"() {
        const { globalScope } = context.sourceCode.scopeManager;
        const global = [
          ...globalScope.through,
          ...globalScope.variables.flatMap((v) => v.references),
        ];
        for (const { identifier, isValueReference } of global) {
          const { name } = identifier;
          if (isValueReference && isForeign(symbolOf(identifier))) {
            check(identifier, name, supportOf(name));
          }
        }
      },
      "MemberExpression[computed=false]"({ object, property }) {
        const symbol = symbolOf(property);
        if (!isForeign(symbol)) return;
        const { name } = property;
        for (const owner of ownersOf(symbol, object, checker, esTreeNodeToTSNodeMap)) {
          // Response has a static json() beside that of its values.
          const members = [name, `${name}_static`];
          const support = supportOf(owner, object.name === owner ? members.reverse() : members);
          if (support === undefined) continue;
          check(property, `${owner}.${name}`, support);
          return;
        }
      },
    };
  },
};

// Declared by TypeScript or by Node's types. What we declare ourselves is asked for before it is used.
function isForeign(symbol) {
  return symbol?.declarations?.some((one) => one.getSourceFile().isDeclarationFile) === true;
}

/** The interfaces that a member may belong to, by the names that browser-compat-data gives them. */
function ownersOf(symbol, object, checker, nodes) {
  const type = checker.getApparentType(checker.getTypeAtLocation(nodes.get(object)));
  const names = [symbol.parent?.name, type.symbol?.name, object.name];
  return names
    .filter((name) => name !== undefined && !name.startsWith("__"))
    .map((name) =>
      name.replace(/^Readonly(?=Array|Map|Set)/, "").replace(/(?<=.)Constructor$/, ""),
    );
}

/** What is known of a global, or of the first of these members that it has. */
function supportOf(owner, members) {
  const { api, javascript } = bcd;
  const globals = [api, javascript.builtins]
    .filter((part) => Object.hasOwn(part, owner))
    .map((part) => part[owner]);
  const found =
    members === undefined
      ? globals
      : globals.flatMap((global) => members.map((member) => global[member]));
  return found.find((one) => one?.__compat !== undefined)?.__compat.support;
}

function missingIn(support) {
  if (support === undefined) return [];
  return OLDEST.filter(({ bcdName, version }) => {
    const statements = [support[bcdName] ?? []].flat();
    return !statements.some(({ version_added: since, prefix, flags }) => {
      // "≤79": at the latest.
      const added = typeof since === "string" ? Number.parseFloat(since.replace("≤", "")) : NaN;
      return added <= version && prefix === undefined && flags === undefined;
    });
  }).map(({ name, version }) => `${name} ${version}`);
}
