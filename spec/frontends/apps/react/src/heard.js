/** What the handlers were called with. */
export const heard = [];
