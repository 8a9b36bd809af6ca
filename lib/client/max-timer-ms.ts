/** The most that a timer waits, in milliseconds: above that it fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
