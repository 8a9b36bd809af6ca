/** The longest wait of a timer in milliseconds: a longer one fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
