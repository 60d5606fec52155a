// Colours before the first paint: the choice of this browser, else what the system prefers.
(function () {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const dark = root.dataset.theme === "dark" || (root.dataset.theme !== "light" && system.matches);
    if (dark) root.setAttribute("data-bs-theme", "dark");
    else root.removeAttribute("data-bs-theme");
  };
  apply();
  system.addEventListener("change", apply);
  root.classList.add("has-script");
})();
