import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { SseProvider, useLatest, useSseState } from "express-sse-hub/react";

function Price() {
  const price = useLatest("price");
  const state = useSseState();
  return <p>{price === undefined ? state : `${price.euros} €`}</p>;
}

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <SseProvider url="/api/events">
      <Price />
    </SseProvider>
  </StrictMode>,
);
