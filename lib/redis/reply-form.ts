/** The error for an answer in an unexpected form; `trouble.ts` explains it to the operator. */
export function unknownForm(to: string): Error {
  return new Error(`FORM an answer to ${to}`);
}
