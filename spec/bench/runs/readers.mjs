// Begins the runs and follows them. Tells the delays of all tokens, and who missed some.
import http from "node:http";

const { begin, follow, runs, followers, tokens } = JSON.parse(process.env.SETTINGS);
const agent = new http.Agent({ maxSockets: Infinity });
const delays = [];
let faults = 0;

process.send({});
process.once("message", async () => {
  const ids = Array.from({ length: runs }, (_, n) => `run${n}`);
  await Promise.all(
    ids.map((id) => ask("POST", `${begin}/runs/${id}`).then((res) => res.resume())),
  );
  await Promise.all(ids.flatMap((id) => Array.from({ length: followers }, () => read(id))));
  delays.sort((a, b) => a - b);
  const at = (part) => delays[Math.floor(delays.length * part)];
  process.send({ delaysMs: [at(0.5), at(0.99)], faults });
});

async function read(id) {
  const response = await ask("GET", `${follow}/runs/${id}`);
  let [rest, expected] = ["", 1];
  for await (const chunk of response.setEncoding("utf8")) {
    const now = performance.timeOrigin + performance.now();
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const token = /^data: (\d+) (\S+) and a word$/.exec(line);
      if (token === null) continue;
      if (Number(token[1]) === expected) expected += 1;
      delays.push(now - Number(token[2]));
    }
  }
  if (expected !== tokens + 1) faults += 1;
}

function ask(method, url) {
  return new Promise((resolve, reject) => {
    http.request(url, { method, agent }, resolve).on("error", reject).end();
  });
}
