"use client";

import { useLatest, useSseState } from "express-sse-hub/react";

export function Price({ initial }) {
  const { euros } = useLatest("price", initial);
  return (
    <p>
      {euros} € ({useSseState()})
    </p>
  );
}
