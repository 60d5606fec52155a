// The keyboard of the desks. Letters are taken only outside of text fields and never from an input method.
//   data-key="r"          the key clicks this element (buttons, links, summaries)
//   data-key-focus="/"    the key puts the cursor into this field
//   data-row              rows for J and K; Enter opens the row's [data-open] link
(function () {
  "use strict";
  const map = document.getElementById("key-map");
  if (!map) return;
  const on = map.dataset.keys !== "off";
  const typing = (element) =>
    element.isContentEditable || (element.matches("input, textarea, select") && !["radio", "checkbox", "button", "submit"].includes(element.type));
  const visible = (element) => element.offsetParent !== null && !element.disabled && element.getAttribute("aria-disabled") !== "true";
  const first = (selector) => [...document.querySelectorAll(selector)].find(visible);

  function move(step) {
    const rows = [...document.querySelectorAll("[data-row]")].filter(visible);
    if (!rows.length) return;
    const here = document.activeElement.closest("[data-row]") || document.querySelector("[data-row].row-current");
    const at = rows.indexOf(here);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    const target = next.matches("a, button, [tabindex]") ? next : next.querySelector("[data-open], a, button");
    if (target) target.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "?") {
      event.preventDefault();
      map.showModal();
      return;
    }
    if (!on) return;
    if (key === "j" || key === "k" || ((key === "ArrowDown" || key === "ArrowUp") && event.target.closest("[data-row]"))) {
      event.preventDefault();
      move(key === "j" || key === "ArrowDown" ? 1 : -1);
      return;
    }
    if (key.length !== 1) return;
    const focus = first(`[data-key-focus="${CSS.escape(key)}"]`);
    if (focus) {
      event.preventDefault();
      focus.focus();
      if (focus.select) focus.select();
      return;
    }
    const target = first(`[data-key="${CSS.escape(key)}"]`);
    if (target) {
      event.preventDefault();
      target.focus();
      target.click();
    }
  });

  // The map is shown once, on the first visit.
  try {
    if (on && !window.localStorage.getItem("keys:seen") && window.matchMedia("(hover: hover) and (min-width: 1000px)").matches) {
      window.localStorage.setItem("keys:seen", "1");
      if (!navigator.webdriver) map.showModal();
    }
  } catch {
    // No storage: the map stays behind "?".
  }
})();
