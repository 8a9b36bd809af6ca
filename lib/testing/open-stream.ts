import type { RequestListener } from "node:http";
import { NoStreamError } from "./no-stream-error.js";
import { enterSite } from "./site.js";
import {
  requestStream,
  resolveStreamRequest,
  type StreamRequest,
  type StreamSettings,
} from "./stream-request.js";
import type { StreamLink } from "./stream-link.js";
import { StreamReader } from "./stream-reader.js";

/**
 * Opens a stream as a browser does, and reads it event by event. Resolves when `hub:open` has arrived: the stream then
 * receives every later broadcast whose audience it is in. For a visitor with cookies see {@link visit}.
 *
 * @param target an application, which is served on a free port until the stream is closed, or a URL
 * @throws NoStreamError with `status` and `body` if the answer is not a stream
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 *
 * @example
 * const stream = await openStream(app, "/events");
 * await hub.broadcast("order", { id: 1 });
 * expect(await stream.nextJson("order")).toEqual({ id: 1 });
 * stream.close();
 */
export async function openStream(
  target: RequestListener | string,
  path: string,
  options: StreamRequest = {},
): Promise<StreamReader> {
  const settings = resolveStreamRequest("openStream", options);
  const site = await enterSite(target);
  try {
    return await openStreamAt(new URL(path, site.url), settings, {
      willClose: (client) => {
        site.willClose(client);
      },
      release: () => site.leave(),
      reopen: (lastEventId) => openStream(target, path, { ...options, lastEventId }),
    });
  } catch (error) {
    await site.leave();
    throw error;
  }
}

/** Opens a stream of an application that is already served. */
export async function openStreamAt(
  url: URL,
  settings: StreamSettings,
  link: Omit<StreamLink<StreamReader>, "timeoutMs">,
): Promise<StreamReader> {
  const { timeoutMs } = settings;
  const response = await requestStream(url, settings);
  const reader = new StreamReader(response, { ...link, timeoutMs });
  const type = String(response.headers["content-type"]);
  const isStream = response.statusCode === 200 && type.startsWith("text/event-stream");
  try {
    if (isStream) await reader.until(() => reader.isOpened || reader.hasEnded, "hub:open");
    else await reader.ended.catch(() => undefined);
    if (!isStream || !reader.isOpened) {
      const { status, headers, raw: body } = reader;
      throw new NoStreamError(`${settings.method} ${url.pathname}`, { status, headers, body });
    }
  } catch (error) {
    reader.close();
    throw error;
  }
  return reader;
}
