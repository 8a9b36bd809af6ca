import { useLatest, useSseState } from "express-sse-hub/react";

export function Orders() {
  const order = useLatest("order");
  const state = useSseState();
  return <p>{order === undefined ? state : `Order ${order.id}`}</p>;
}
