import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { connect } from "express-sse-hub/client";
import { SseProvider } from "express-sse-hub/react";
import { Orders } from "./orders.jsx";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** Resolves when the page shows this. */
async function shows(text) {
  while (document.body.textContent !== text) {
    await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
  }
}

test("a component shows the newest order, and closes its stream", async () => {
  const root = createRoot(document.body.appendChild(document.createElement("div")));
  act(() => {
    root.render(
      <StrictMode>
        <SseProvider url="/events">
          <Orders />
        </SseProvider>
      </StrictMode>,
    );
  });
  await shows("open");
  await fetch(new URL("/orders/7", location.href), { method: "POST" });
  await shows("Order 7");
  act(() => root.unmount());
  const connections = async () => (await fetch(new URL("/connections", location.href))).text();
  while ((await connections()) !== "0") await new Promise((resolve) => setTimeout(resolve, 5));
});

test("the client is open when it says so, shared or not, and closes", async () => {
  for (const shared of [false, true]) {
    const stream = connect("/events", { shared });
    await new Promise((resolve) => stream.onOpen(resolve));
    expect(stream.state).toBe("open");
    stream.close();
    expect(stream.state).toBe("closed");
  }
});
