import { useSse, useSseEvent, useSseState, useLatest } from "express-sse-hub/react";
import { heard } from "./heard.js";
import { Label } from "./label.jsx";

/** Each render gives it another handler. */
export function Row({ index, round }) {
  const order = useLatest("order", { id: 0 });
  const state = useSseState();
  const stream = useSse();
  useSseEvent("message", (text) => heard.push(`${index} ${round} ${text}`));
  return (
    <li>
      <Label>{[index, state, order.id, typeof stream?.close].join(" ")}</Label>
    </li>
  );
}
