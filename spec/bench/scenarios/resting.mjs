/** MiB of a server that does nothing: the least of a few looks, since free memory takes its time to be given back. */
export async function restingMiB(stage) {
  let least = Infinity;
  for (let look = 0; look < 3; look += 1) {
    await stage.settle();
    await stage.tell("collect");
    least = Math.min(least, stage.rssMiB());
  }
  return least;
}
