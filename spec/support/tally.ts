/** What a reader got, so that readers in other processes can be compared without shipping it. */
export interface Tally {
  readonly length: number;
  add(event: string, data: string, id: string): void;
  /** Hash of everything up to and including that message. */
  hashAt(index: number): number;
  messageAt(index: number): string;
}

/** Makes an empty tally. Its source also runs in a browser, so it uses nothing from around it. */
export function createTally(): Tally {
  const messages: string[] = [];
  const hashes: number[] = [];
  let hash = 0x811c9dc5;
  return {
    get length() {
      return messages.length;
    },
    add(event, data, id) {
      const message = JSON.stringify([event, data, id]);
      // FNV-1a, over UTF-16.
      for (let at = 0; at < message.length; at += 1) {
        hash = Math.imul(hash ^ message.charCodeAt(at), 0x01000193) >>> 0;
      }
      messages.push(message);
      hashes.push(hash);
    },
    hashAt: (index) => hashes[index] ?? 0,
    messageAt: (index) => messages[index] ?? "nothing",
  };
}

/** What an EventSource is to read: these events, until the last of the names comes. */
export interface Assignment {
  url: string;
  events: readonly string[];
  last: string;
}

/** Reads with the EventSource of wherever it runs, until the last event or the end of the stream. */
export function readWithEventSource(
  tally: Tally,
  { url, events, last }: Assignment,
): Promise<number> {
  interface Message {
    type: string;
    data: string;
    lastEventId: string;
  }
  interface Source {
    addEventListener(event: string, listener: (message: Message) => void): void;
    close(): void;
  }
  const { EventSource } = globalThis as unknown as { EventSource: new (url: string) => Source };
  return new Promise((resolve) => {
    const source = new EventSource(url);
    const end = () => {
      source.close();
      resolve(tally.length);
    };
    for (const event of events) {
      source.addEventListener(event, ({ type, data, lastEventId }) => {
        tally.add(type, data, lastEventId);
      });
    }
    source.addEventListener(last, end);
    source.addEventListener("error", end);
  });
}

/** A tally somewhere else. */
export interface DistantTally {
  hashAt(index: number): number | Promise<number>;
  messageAt(index: number): string | Promise<string>;
}

/** The first message in which a tally differs from what was sent, looked for by halving. */
export async function firstDifference(
  sent: Tally,
  read: DistantTally,
): Promise<{ index: number; sent: string; read: string } | null> {
  let [low, high] = [0, sent.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await read.hashAt(middle)) === sent.hashAt(middle)) low = middle + 1;
    else high = middle;
  }
  if (low === sent.length) return null;
  return { index: low, sent: sent.messageAt(low), read: await read.messageAt(low) };
}
