// The oldest browsers that run the client, from "browserslist" in package.json. The bundle and a lint rule use them.
import { readFileSync } from "node:fs";

const { browserslist } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);

/** Each browser by its name in browserslist, with its version. */
export const OLDEST_BROWSERS = browserslist.map((entry) => {
  const [, name, version] = /^(\w+) >= (\d+(?:\.\d+)?)$/.exec(entry) ?? [];
  if (version === undefined) {
    throw new Error(
      `"browserslist" in package.json names ${JSON.stringify(entry)}. Expected a browser and its ` +
        'oldest version, such as "safari >= 15".',
    );
  }
  return { name, version };
});

/** The same browsers, in the form of esbuild. */
export const BUNDLE_TARGET = OLDEST_BROWSERS.map(
  ({ name, version }) => (name === "ios_saf" ? "ios" : name) + version,
);
