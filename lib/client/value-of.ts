/** The value of the data if it is JSON; otherwise the text, also if there is none. */
export function valueOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text as string);
  } catch {
    return text;
  }
}
