import type { App } from "supertest/types.js";
import supertest from "supertest";

/** Signs in to the demo and gives the cookie of the new session. */
export async function signIn(target: App, login: string): Promise<string> {
  const answer = await supertest(target).post("/api/login").send({ login }).expect(200);
  return cookieOf(answer.headers);
}

/** The name and value of the cookie that an answer sets. */
export function cookieOf(headers: unknown): string {
  const cookie = (headers as { "set-cookie"?: string[] })["set-cookie"]?.[0];
  if (cookie === undefined) throw new Error("The answer sets no cookie.");
  return cookie.split(";", 1).join();
}
