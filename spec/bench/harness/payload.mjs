/** The least bytes a payload has: its sequence number, its time, and the marks around them. */
export const MIN_PAYLOAD_BYTES = 33;

/**
 * The data of an event, exactly that many bytes: `#<sequence>:<nanoseconds>:<filling>$`. The load
 * checks order, loss and length by it, and takes the latency from it.
 */
export function payload(sequence, bytes) {
  const time = process.hrtime.bigint();
  const head = `#${String(sequence).padStart(10, "0")}:${String(time).padStart(19, "0")}:`;
  return `${head}${fillingOf(bytes - MIN_PAYLOAD_BYTES)}$`;
}

let filling = "";

function fillingOf(length) {
  if (filling.length !== length) filling = "x".repeat(length);
  return filling;
}
