// The page has no slash at the end where it was asked for without one.
const BASE = location.pathname.replace(/\/?$/, "/");

let token = "";

/** What the server has told this session to send along. */
export function setToken(given) {
  token = given;
}

/** The address of something under the path of the dashboard. */
export const addressOf = (path) => new URL(BASE + path, location.href);

/** Asks the server for something. Rejects with a text to show. */
export async function ask(path) {
  return answerOf(await fetch(addressOf(path)));
}

/** Has the server do something. Rejects with a text to show. */
export async function call(path, body) {
  const headers = { "Content-Type": "application/json", "SSE-Dashboard-Token": token };
  return answerOf(
    await fetch(addressOf(path), { method: "POST", headers, body: JSON.stringify(body) }),
  );
}

async function answerOf(response) {
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const answer = isJson ? await response.json() : {};
  if (response.ok) return answer;
  const text = typeof answer.error === "string" ? answer.error : null;
  throw new Error(text ?? `The server answered ${response.status}.`);
}
