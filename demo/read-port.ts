const MAX_PORT = 65_535;

/**
 * Reads the environment variable `PORT`; 0 means any free port.
 *
 * @param defaultPort the port if the variable is not set
 * @throws RangeError for anything but a whole number up to 65535
 */
export function readPort(value: string | undefined, defaultPort: number): number {
  if (value === undefined || value === "") return defaultPort;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= MAX_PORT) return port;
  throw new RangeError(
    `PORT is ${JSON.stringify(value)}. Expected a whole number from 0 to ${MAX_PORT}, ` +
      `such as PORT=${defaultPort}.`,
  );
}
