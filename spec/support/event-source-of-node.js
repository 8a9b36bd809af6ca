// Node's own EventSource, which is there with --experimental-eventsource: prints of each message its
// data and the id it left, as a line of JSON.

const [url = ""] = process.argv.slice(2);
const source = new globalThis.EventSource(url);

source.onmessage = ({ data, lastEventId }) => {
  process.stdout.write(`${JSON.stringify([data, lastEventId])}\n`);
};
// While it waits to come back, nothing of its own keeps the process alive (nodejs/undici#4247).
process.stdin.resume();
