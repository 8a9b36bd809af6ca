import { SseProvider } from "express-sse-hub/react";

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <SseProvider url="/api/events">{children}</SseProvider>
      </body>
    </html>
  );
}
