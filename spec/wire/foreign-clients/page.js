import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSourcePolyfill } from "event-source-polyfill";
import { SSE } from "sse.js";

const HUB_EVENTS = ["hub:open", "hub:end", "hub:gap", "hub:tick"];
const EVENTS = ["message", "order", ...HUB_EVENTS];

const isFinal = (data) => ["done", "stop"].includes(JSON.parse(data).reason);

// Each as the guide tells its users to set it.
const clients = {
  EventSource: (url, tell) => listen(new EventSource(url), tell),

  "event-source-polyfill": (url, tell) => listen(new EventSourcePolyfill(url), tell),

  "sse.js": (url, tell) => {
    const source = new SSE(url, { autoReconnect: true, useLastEventId: true });
    listen(source, tell);
    source.addEventListener("hub:end", ({ data }) => {
      if (isFinal(data)) source.close();
    });
  },

  "fetch-event-source": (url, tell) => {
    const stop = new AbortController();
    fetchEventSource(url, {
      signal: stop.signal,
      openWhenHidden: true,
      onopen: async ({ status }) => {
        if ([204, 401, 403].includes(status)) stop.abort();
      },
      onmessage: ({ event, data, id }) => {
        tell(event || "message", data, id);
        if (event === "hub:end" && isFinal(data)) stop.abort();
      },
      onclose: () => {
        throw new Error("The stream has ended; it is asked for again.");
      },
    });
  },
};

function listen(source, tell) {
  for (const event of EVENTS) {
    source.addEventListener(event, ({ data, lastEventId }) => tell(event, data, lastEventId));
  }
}

window.told = [];
window.connect = (name, url) => {
  clients[name](url, (event, data, id) => window.told.push([event, data, id]));
};
