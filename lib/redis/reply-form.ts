/** The error for an answer that is not in the form the log knows; see `trouble.ts`. */
export function unknownForm(to: string): Error {
  return new Error(`FORM an answer to ${to}`);
}
