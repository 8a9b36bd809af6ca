// Bundles what the server sends to browsers: `npm run bundle`. Each `npm install`, build and test run does it, too.
import { fileURLToPath } from "node:url";
import bundleClient from "./client.mjs";
import bundleDashboard from "./dashboard.mjs";

export default async function bundleAll() {
  await bundleClient();
  await bundleDashboard();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleAll();
