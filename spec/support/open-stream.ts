import type { IncomingMessage, RequestListener } from "node:http";
import { enterSite } from "../../lib/testing/site.js";
import {
  requestStream,
  resolveStreamRequest,
  type StreamRequest,
} from "../../lib/testing/stream-request.js";
import type { StreamEvent } from "../../lib/testing/stream-event.js";
import { StreamReader as Reader } from "../../lib/testing/stream-reader.js";

export type { StreamEvent, StreamRequest };

// A busy machine takes its time.
const PATIENCE_MS = 30_000;

/**
 * Opens a stream as a browser does and reads it event by event, whatever is answered: specs look at
 * refusals, too.
 *
 * @param target an application, which is served on a free port until the stream is closed, or a URL
 */
export async function openStream(
  target: RequestListener | string,
  path: string,
  request: StreamRequest = {},
): Promise<StreamReader> {
  const site = await enterSite(target);
  // Thousands may ask at once: what takes too long is for jest to say.
  const settings = resolveStreamRequest("openStream", { timeoutMs: 60_000, ...request });
  return new StreamReader(await requestStream(new URL(path, site.url), settings), () =>
    site.leave(),
  );
}

/** The reader that applications test with, and what only our own specs ask of it. */
export class StreamReader extends Reader {
  /** Resolves when the server has ended the stream, with the reason of `hub:end` if it gave one. */
  readonly closed: Promise<string | undefined>;

  constructor(response: IncomingMessage, release: (() => Promise<void>) | null) {
    super(response, { timeoutMs: PATIENCE_MS, ...(release === null ? {} : { release }) });
    this.closed = new Promise((resolve) => {
      response.once("close", () => {
        resolve(this.endReason);
      });
    });
  }

  /** The data of the next so many events. */
  async nextData(count = 1): Promise<string[]> {
    const data: string[] = [];
    while (data.length < count) data.push((await this.next()).data);
    return data;
  }

  /** The next event of the hub with that name, or one that has come already. */
  async hub(name: string, timeoutMs = PATIENCE_MS): Promise<StreamEvent> {
    const find = () => this.hubEvents.find(({ event }) => event === name);
    await this.until(() => find() !== undefined, name, { timeoutMs });
    return find() as StreamEvent;
  }

  /** What `hub:open` said. */
  async opened(): Promise<{ connection: string; recovered: boolean | null; reason?: string }> {
    return JSON.parse((await this.hub("hub:open")).data) as never;
  }

  /** Resolves when the text received holds this. */
  async received(text: string, timeoutMs = PATIENCE_MS): Promise<void> {
    await this.until(() => this.raw.includes(text), JSON.stringify(text), { timeoutMs });
  }
}
