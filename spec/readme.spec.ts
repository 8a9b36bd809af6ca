import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describeInBrowser } from "./support/browser.js";
import { onTestEnd } from "./support/disposers.js";

const ROOT = path.resolve(__dirname, "..");

/** The first sample of a language in the README, as somebody would paste it. */
async function sample(language: string): Promise<string> {
  const readme = await readFile(path.join(ROOT, "README.md"), "utf8");
  const found = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(readme)?.[1];
  if (found === undefined) throw new Error(`The README has no sample in ${language}.`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Runs the server of the README in a folder of its own, on a port that is free. */
async function runServer(): Promise<string> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), "sse-readme-"));
  onTestEnd(() => rm(folder, { recursive: true }));
  await symlink(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  await mkdir(path.join(folder, "public"));
  await writeFile(path.join(folder, "public/index.html"), await sample("html"));
  const server = (await sample("js")).replace("app.listen(3000)", `app.listen(${port})`);
  // The program says nothing, so one line is added to know when it listens.
  await writeFile(path.join(folder, "server.mjs"), `${server}\nconsole.log("started");`);
  const child = spawn(process.execPath, ["--import", "tsx", "server.mjs"], {
    cwd: folder,
    env: { ...process.env, TSX_TSCONFIG_PATH: path.join(ROOT, "tsconfig.json") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestEnd(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, "exit");
  });
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => {
      throw new Error("The server of the README did not start.");
    }),
  ]);
  return `http://localhost:${port}`;
}

describeInBrowser("the README's first server and page", (windows) => {
  it("run as pasted: the page shows the server's time, and goes on showing it", async () => {
    const page = await windows.open(await runServer());
    const time = page.locator("#clock", { hasText: /\d:\d\d/ });
    const first = await time.innerText();
    const second = await page.locator("#clock", { hasNotText: first }).innerText();
    expect(second).toMatch(/\d:\d\d/);
  });
});
