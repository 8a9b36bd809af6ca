import path from "node:path";
import ts from "typescript";

const ROOT = path.resolve(__dirname, "..");

/** What the compiler says of a file, with the repository's own settings. */
function complaintsOf(file: string): string[] {
  const { config } = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), (name) =>
    ts.sys.readFile(name),
  ) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram([path.join(ROOT, file)], options);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the types", () => {
  it.each([
    ["know the application's users and events once it has told them", "spec/types/merged.ts"],
    ["take anything until then", "spec/types/unmerged.ts"],
    ["give a user function the request of Express 4 and 5", "spec/types/user-function.ts"],
  ])(
    "%s",
    (_what, file) => {
      expect(complaintsOf(file)).toEqual([]);
    },
    120_000,
  );
});
