// A reader of socket.io over WebSocket, as little of it as is needed: what the server says, as text.
import { randomBytes } from "node:crypto";
import net from "node:net";

const HEAD = [
  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
];
// Of Engine.IO 4: a ping, and the pong it is to be answered with; of Socket.IO 5: join the namespace.
const [PING, PONG, JOIN] = ["2", "3", "40"];

/** @param onText is called for each packet of the server */
export function openSocketIo(port, { onOpen, onText, onClose }) {
  const socket = net.connect(port, "127.0.0.1");
  const key = randomBytes(16).toString("base64");
  let rest = Buffer.alloc(0);
  let hasHead = false;
  socket.write([...HEAD, `Sec-WebSocket-Key: ${key}`, "", ""].join("\r\n"));
  socket.on("data", (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const end = hasHead ? 0 : rest.indexOf("\r\n\r\n");
    if (end < 0) return;
    if (!hasHead) rest = rest.subarray(end + 4);
    hasHead = true;
    for (let frame = nextFrame(rest); frame !== null; frame = nextFrame(rest)) {
      rest = rest.subarray(frame.size);
      take(frame.text);
    }
  });
  socket.on("error", () => undefined);
  socket.on("close", onClose);
  return socket;

  function take(text) {
    if (text === PING) socket.write(masked(PONG));
    else if (text.startsWith("0")) socket.write(masked(JOIN));
    else if (text.startsWith(JOIN)) onOpen();
    else onText(text);
  }
}

// RFC 6455, 5.2: a server's frame is not masked.
function nextFrame(bytes) {
  if (bytes.length < 4) return null;
  const short = bytes[1] & 127;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return null;
  return { text: bytes.toString("utf8", start, start + length), size: start + length };
}

// A short text, masked with zeros.
function masked(text) {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
