/**
 * Asks the server and gives its answer, from JSON. With a body it is a POST.
 *
 * @throws Error with the message that the server answered
 */
export async function requestJson(path, body) {
  const response = await fetch(path, body === undefined ? {} : post(body));
  const answer = await response.json();
  if (response.ok) return answer;
  throw new Error(answer.message);
}

function post(body) {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
}
