/** Keeps a response in a set for as long as its browser is there. */
export function keepIn(responses, res) {
  responses.add(res);
  res.on("close", () => responses.delete(res));
}
