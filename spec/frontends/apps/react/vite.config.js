import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const target = process.env.SERVER_URL;

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/events": { target, changeOrigin: true } } },
});
