import { svelte } from "@sveltejs/vite-plugin-svelte";
import react from "@vitejs/plugin-react";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  // Yours needs one of these.
  plugins: [react(), vue(), svelte()],
  // In development, pages come from Vite, and what is below /api comes from Express.
  server: { proxy: { "/api": process.env.SERVER_URL ?? "http://localhost:3000" } },
  build: { rolldownOptions: { input: ["react.html", "query.html", "vue.html", "svelte.html"] } },
});
