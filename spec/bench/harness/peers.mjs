import { readdirSync } from "node:fs";

const FOLDER = new URL("../peers/", import.meta.url);

/**
 * All that is in peers/, the hub first. A peer that cannot be run says why in `missing`.
 *
 * @param before entry of another build of the package, to be run beside this one; or undefined
 */
export async function loadPeers(before) {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".mjs"));
  const peers = await Promise.all(files.map((file) => loadPeer(file.replace(".mjs", ""))));
  const [hub] = peers.filter(({ file }) => file === "express-sse-hub");
  const others = peers.filter((peer) => peer !== hub);
  const second = before === undefined ? [] : [{ ...hub, name: "before", entry: before }];
  return [{ ...hub, isHub: true }, ...second.map((peer) => ({ ...peer, isHub: true })), ...others];
}

async function loadPeer(file) {
  try {
    const peer = await import(new URL(`${file}.mjs`, FOLDER));
    return { ...peer, file, missing: peer.missing?.() ?? null };
  } catch (error) {
    return { name: file, file, missing: error.message.split("\n")[0] };
  }
}
