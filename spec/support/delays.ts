import type { Store } from "express-session";
import type { Random } from "../model/random.js";

type Method = (...args: unknown[]) => unknown;

/** Slows a store down: each call waits at random before it acts, and again before it answers. */
export function withDelays<S extends Store>(store: S, random: Random): S {
  const methods = store as unknown as Record<string, Method>;
  for (const name of ["get", "set", "destroy", "touch"]) {
    const original = methods[name]?.bind(store) as Method;
    methods[name] = (...args: unknown[]) => {
      const done = typeof args.at(-1) === "function" ? (args.pop() as Method) : () => undefined;
      later(random, () => {
        original(...args, (...results: unknown[]) => {
          later(random, () => {
            done(...results);
          });
        });
      });
    };
  }
  return store;
}

function later(random: Random, next: () => void): void {
  const choice = random.below(8);
  if (choice < 6) setTimeout(next, choice);
  else if (choice === 6) setImmediate(next);
  else setImmediate(() => setImmediate(next));
}
