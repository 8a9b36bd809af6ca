/**
 * The memory of a server that does nothing, in MiB: `rss`, and `heap`, the part of it in V8's heap. The least of a few
 * looks, since free memory takes its time to be given back.
 */
export async function resting(stage) {
  const least = { rss: Infinity, heap: Infinity };
  for (let look = 0; look < 3; look += 1) {
    await stage.settle();
    const { heapMiB } = await stage.tell("collect");
    least.heap = Math.min(least.heap, heapMiB);
    least.rss = Math.min(least.rss, stage.rssMiB());
  }
  return least;
}
