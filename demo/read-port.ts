const DEFAULT_PORT = 2015;
const MAX_PORT = 65_535;

/**
 * Reads the environment variable `PORT`; 2015 without one, and 0 takes any that is free.
 *
 * @throws RangeError for anything but a whole number up to 65535
 */
export function readPort(value: string | undefined): number {
  if (value === undefined || value === "") return DEFAULT_PORT;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= MAX_PORT) return port;
  throw new RangeError(
    `PORT is ${JSON.stringify(value)}. Expected a whole number from 0 to ${MAX_PORT}, ` +
      `such as PORT=${DEFAULT_PORT}.`,
  );
}
