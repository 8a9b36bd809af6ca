import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { SseProvider, useSse, useSseEvent } from "express-sse-hub/react";

/** Loads queries again when the server says that their data has changed. */
function useInvalidation() {
  const queries = useQueryClient();
  const stream = useSse();
  useSseEvent("orders", () => queries.invalidateQueries({ queryKey: ["orders"] }));

  // When the stream opens, or cannot tell what the page missed, the data may be old.
  useEffect(() => {
    const offs = [
      stream?.onOpen(({ recovered }) => recovered !== true && queries.invalidateQueries()),
      stream?.onGap(() => queries.invalidateQueries()),
    ];
    return () => offs.forEach((off) => off?.());
  }, [stream, queries]);
}

async function loadOrders() {
  const response = await fetch("/api/orders");
  return response.json();
}

function Orders() {
  useInvalidation();
  const { data: orders } = useQuery({ queryKey: ["orders"], queryFn: loadOrders });
  return <p>{orders?.map(({ id }) => `Order ${id}`).join(", ")}</p>;
}

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <SseProvider url="/api/events">
      {/* The events tell when data is old, so nothing else has to. */}
      <QueryClientProvider
        client={new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })}
      >
        <Orders />
      </QueryClientProvider>
    </SseProvider>
  </StrictMode>,
);
