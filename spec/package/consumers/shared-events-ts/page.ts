import { connect } from "express-sse-hub/client";
import "./events.js";

const stream = connect("/events");
stream.onJson("order", ({ id }) => {
  document.title = id.toFixed();
});
// @ts-expect-error -- no event of the application
stream.on("oder", () => undefined);
// @ts-expect-error -- a page knows nothing of Node
Buffer.from("");
