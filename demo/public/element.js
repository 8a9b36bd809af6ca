/** Makes an element with this text. What came over the network is text, whatever it looks like. */
export function textElement(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

/** Has the button copy what the other element says. */
export function copyWith(button, element) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(element.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1_500);
  });
}
