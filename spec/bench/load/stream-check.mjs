const MARKED = /#(\d{10}):(\d{19}):(x*)(.?)/;

/** Reads one response that carries a stream, piece by piece, and checks its payloads. */
export class StreamCheck {
  hasHead = false;
  isOk = false;
  events = 0;
  #tally;
  #last;
  #isChunked = false;
  #raw = "";
  #body = "";

  /** @param tally gives where to count; it may be another one later */
  constructor(tally, sequence) {
    this.#tally = tally;
    this.#last = sequence - 1;
  }

  expect(sequence) {
    this.events = 0;
    this.#last = sequence - 1;
  }

  take(bytes) {
    this.#tally().bytes += bytes.length;
    this.#raw += bytes.toString("latin1");
    if (!this.hasHead) this.#takeHead();
    if (!this.hasHead) return;
    if (this.#isChunked) this.#takeChunks();
    else {
      this.#body += this.#raw;
      this.#raw = "";
    }
    this.#takeEvents();
  }

  #takeHead() {
    const end = this.#raw.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#raw.slice(0, end);
    this.hasHead = true;
    this.isOk = head.startsWith("HTTP/1.1 200");
    this.#isChunked = /^transfer-encoding: chunked/im.test(head);
    this.#raw = this.#raw.slice(end + 4);
  }

  #takeChunks() {
    for (;;) {
      const line = this.#raw.indexOf("\r\n");
      if (line < 0) return;
      const length = parseInt(this.#raw.slice(0, line), 16);
      const start = line + 2;
      if (this.#raw.length < start + length + 2) return;
      this.#body += this.#raw.slice(start, start + length);
      this.#raw = this.#raw.slice(start + length + 2);
    }
  }

  #takeEvents() {
    const blocks = this.#body.replaceAll("\r", "").split("\n\n");
    this.#body = blocks.pop();
    for (const block of blocks) if (block.includes("#")) this.#check(block);
  }

  #check(block) {
    const tally = this.#tally();
    const [text, digits, time, filling, end] = MARKED.exec(block) ?? [];
    if (text === undefined || end !== "$" || filling.length + 33 !== tally.payloadBytes) {
      tally.broken += 1;
      return;
    }
    if (block.split("#").length !== 2) tally.broken += 1;
    tally.latencies.push(Number(process.hrtime.bigint() - BigInt(time)) / 1e6);
    tally.events += 1;
    this.events += 1;
    this.#count(Number(digits), tally);
  }

  #count(sequence, tally) {
    if (sequence === this.#last) tally.duplicated += 1;
    else if (sequence < this.#last) tally.disordered += 1;
    else {
      tally.lost += sequence - this.#last - 1;
      this.#last = sequence;
    }
  }
}
