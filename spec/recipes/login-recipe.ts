import { visit, type StreamReader, type Visitor } from "express-sse-hub/testing";
import { onTestEnd } from "../support/disposers.js";
import type { Recipe } from "./run-recipe.js";

/** Somebody who visits a recipe until the end of the test. */
export async function visitRecipe({ url }: Recipe): Promise<Visitor> {
  const visitor = await visit(url, { timeoutMs: 10_000 });
  onTestEnd(() => visitor.close());
  return visitor;
}

/** The same, signed in at its `/login`. */
export async function signIn(recipe: Recipe, login: string): Promise<Visitor> {
  const visitor = await visitRecipe(recipe);
  await done(visitor.post("/login", { login, password: "secret" }));
  return visitor;
}

/** Resolves when a request was answered as it is to be. @throws Error if it was not */
export async function done(answer: Promise<Response>): Promise<void> {
  const { status, url } = await answer;
  if (status !== 204) throw new Error(`${url} was answered ${status}.`);
}

/** The application's events that have come before this one, itself included. */
export async function dataUntil(stream: StreamReader, last: string): Promise<string[]> {
  const data: string[] = [];
  while (data.at(-1) !== last) data.push((await stream.next()).data);
  return data;
}

/** Why a stream ended, and what it was given that nobody has looked at. */
export async function endOf(stream: StreamReader): Promise<[reason: string | undefined, string[]]> {
  await stream.ended;
  return [stream.endReason, stream.pending.map(({ data }) => data)];
}
