import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, sep } from "node:path";
import { run } from "./run.js";

const ROOT = join(__dirname, "../..");
const NOT_SOURCE = new Set([".git", "coverage", "dist", "node_modules"]);

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** The package as npm would publish it, and sample projects that have it installed. */
export class PackedPackage {
  /** What is in the tarball, sorted, with `/` between folders. */
  files: readonly string[] = [];
  unpackedBytes = 0;
  readonly #workshop = join(tmpdir(), `express-sse-hub-${randomUUID()}`);

  /**
   * Packs the working tree, or takes the tarball that the variable `SSE_HUB_TARBALL` names: who runs many specs packs
   * the tree once before them. Unpacks the tarball.
   */
  async pack(): Promise<void> {
    await mkdir(this.#workshop, { recursive: true });
    const tarball = process.env.SSE_HUB_TARBALL ?? (await this.#packTree());
    await run("tar", ["-xzf", tarball], this.#workshop);
    const sizes = await sizesIn(join(this.#workshop, "package"));
    this.files = [...sizes.keys()].sort();
    this.unpackedBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** {@link installIntoCopyOf} for one of the sample projects in `consumers/`. */
  installInto(consumer: string): Promise<string> {
    return this.installIntoCopyOf(join(__dirname, "consumers", consumer));
  }

  /**
   * Copies a project and installs the package into the copy: unpacked, beside exactly the packages
   * that either of the two asks for. They are linked to those of this repository, so an import of
   * anything undeclared fails as it would for a user, and no registry is asked.
   *
   * @param alsoFrom a folder of packages that are preferred to those of this repository
   * @returns the folder of the copy
   */
  async installIntoCopyOf(folder: string, alsoFrom?: string): Promise<string> {
    const project = join(this.#workshop, "consumers", basename(folder));
    const modules = join(project, "node_modules");
    await cp(folder, project, { recursive: true });
    await cp(join(this.#workshop, "package"), join(modules, "express-sse-hub"), {
      recursive: true,
    });
    const { dependencies } = await manifestIn(join(modules, "express-sse-hub"));
    const own = await manifestIn(project);
    const wanted = { ...dependencies, ...own.dependencies, ...own.devDependencies };
    delete wanted["express-sse-hub"];
    for (const [name, range] of Object.entries(wanted)) {
      const preferred = join(alsoFrom ?? ROOT, name);
      if (alsoFrom !== undefined && existsSync(preferred)) {
        await link(preferred, join(modules, name));
      } else await provide(name, range, modules);
    }
    return project;
  }

  /** Builds and packs a copy, so that nobody's `dist/` is touched. Gives the path of the tarball. */
  async #packTree(): Promise<string> {
    const source = join(this.#workshop, "source");
    await cp(ROOT, source, { recursive: true, filter: (path) => !NOT_SOURCE.has(basename(path)) });
    await link(join(ROOT, "node_modules"), join(source, "node_modules"));
    await runNpm(["pack", "--ignore-scripts=false", "--pack-destination", ".."], source);
    const [tarball = ""] = (await readdir(this.#workshop)).filter((name) => name.endsWith(".tgz"));
    return join(this.#workshop, tarball);
  }

  async remove(): Promise<void> {
    await rm(this.#workshop, { recursive: true, force: true });
  }
}

async function provide(name: string, range: string, modules: string): Promise<void> {
  const alias = basename(name) === "express" && range.startsWith("^4") ? `${name}4` : name;
  const installed = join(ROOT, "node_modules", alias);
  // A link would find the types of this repository's Express, not those of the project.
  if (name === "@types/express-session") {
    await cp(installed, join(modules, name), { recursive: true });
  } else {
    await link(installed, join(modules, name));
  }
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, "junction");
}

// On Windows npm is a script that only a shell can start.
async function runNpm(args: readonly string[], cwd: string): Promise<void> {
  if (process.platform === "win32") await run("cmd", ["/c", "npm", ...args], cwd);
  else await run("npm", args, cwd);
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

async function sizesIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    sizes.set(relative(folder, path).split(sep).join("/"), (await stat(path)).size);
  }
  return sizes;
}
