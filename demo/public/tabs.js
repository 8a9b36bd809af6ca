/** Shows the panel of one tab at a time, and remembers which over a reload. */
export function showTabs(list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    sessionStorage.setItem("tab", chosen.id);
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const next = tabs.at((index + step) % tabs.length);
      choose(next);
      next.focus();
    });
  }
  choose(tabs.find(({ id }) => id === sessionStorage.getItem("tab")) ?? tabs[0]);
}
