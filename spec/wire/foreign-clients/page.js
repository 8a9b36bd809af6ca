import { EventSourcePolyfill } from "event-source-polyfill";
import { open as openFetchEventSource } from "guide:fetch-event-source";
import { open as openSse } from "guide:sse.js";

const HUB_EVENTS = ["hub:open", "hub:end", "hub:gap", "hub:tick"];
const EVENTS = ["message", "order", ...HUB_EVENTS];

// Each as the guide tells its users to set it.
const clients = {
  EventSource: (url, tell) => listen(new EventSource(url), tell),

  "event-source-polyfill": (url, tell) => listen(new EventSourcePolyfill(url), tell),

  "sse.js": (url, tell) => listen(openSse(url), tell),

  "fetch-event-source": openFetchEventSource,
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
