const [button, events] = [document.getElementById("hello"), document.getElementById("events")];
const stream = new EventSource("/events");

stream.addEventListener("hub:open", () => (button.disabled = false));
stream.addEventListener("message", ({ data }) => {
  events.append(Object.assign(document.createElement("li"), { textContent: data }));
});
// A handler in the markup, onclick="…", is also code in the page, and the policy would not run it.
button.addEventListener("click", () => fetch("/hello", { method: "POST" }));
