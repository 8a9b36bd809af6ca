import { onTestEnd } from "./disposers.js";

/** Collects the warnings of the process until the end of the test. */
export function watchWarnings(): string[] {
  const warnings: string[] = [];
  const spy = jest.spyOn(process, "emitWarning").mockImplementation((warning) => {
    warnings.push(String(warning));
  });
  onTestEnd(() => {
    spy.mockRestore();
  });
  return warnings;
}
