// The desks' own behaviour: the dialog of an action, the chosen row, candidates that fill a form, the history's filter.
(function () {
  "use strict";
  const dialog = document.getElementById("doing");

  // A form that htmx put into the dialog opens it; without script the same address is a page of its own.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!dialog || event.target.id !== "doing-body") return;
    if (!dialog.open) dialog.showModal();
    const field = dialog.querySelector("textarea, select, input:not([type=hidden])");
    if (field) field.focus();
  });
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-dialog-close]");
    if (closer && dialog && dialog.open && dialog.contains(closer)) {
      event.preventDefault();
      dialog.close();
    }
  });

  // Tapping a row changes the detail; the row that is shown is marked, and on a narrow screen the detail comes into view.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!["inbox-detail", "callback-detail"].includes(event.target.id)) return;
    const link = event.detail.requestConfig && event.detail.requestConfig.elt.closest("[data-row]");
    if (!link) return;
    document.querySelectorAll("[data-row].row-current").forEach((row) => {
      row.classList.remove("row-current");
      const open = row.querySelector("[aria-current]");
      if (open) open.removeAttribute("aria-current");
    });
    link.classList.add("row-current");
    link.querySelector("[data-open]").setAttribute("aria-current", "true");
    if (window.matchMedia("(max-width: 860px)").matches) event.target.scrollIntoView({ block: "start" });
  });

  // A candidate's chip fills unit and reason.
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-fill-unit]");
    if (!chip) return;
    const form = chip.closest("form");
    const unit = form.elements.unit;
    const reason = form.elements.reason;
    const narrow = form.querySelector(".narrow");
    if (narrow) {
      narrow.value = "";
      narrow.dispatchEvent(new Event("input"));
    }
    if (unit) unit.value = chip.dataset.fillUnit;
    if (reason && !reason.dataset.typed) reason.value = chip.dataset.fillReason;
  });
  document.addEventListener("input", (event) => {
    if (event.target.name === "reason") event.target.dataset.typed = event.target.value ? "1" : "";
  });

  // A long choice gets a field above it that narrows it down while one types.
  const LONG = 25;
  function shorten(select) {
    if (select.dataset.narrowed || select.options.length < LONG) return;
    select.dataset.narrowed = "1";
    const all = [...select.options];
    const field = document.createElement("input");
    field.type = "search";
    field.className = "form-control narrow";
    field.placeholder = document.body.dataset.textNarrow || "";
    field.setAttribute("aria-label", field.placeholder);
    field.autocomplete = "off";
    field.addEventListener("input", (event) => {
      if (event.isComposing) return;
      const words = field.value.trim().split(/\s+/).filter(Boolean);
      const kept = select.value;
      const fits = all.filter((option) => !option.value || words.every((word) => option.text.includes(word)));
      select.replaceChildren(...fits);
      const real = fits.filter((option) => option.value);
      select.value = fits.some((option) => option.value === kept && kept) ? kept : real.length === 1 ? real[0].value : "";
    });
    field.addEventListener("compositionend", () => field.dispatchEvent(new Event("input")));
    // Enter chooses the first that is left instead of sending the form.
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      const first = [...select.options].find((option) => option.value);
      if (first) select.value = first.value;
      select.focus();
    });
    select.before(field);
  }
  const shortenAll = (root) => root.querySelectorAll("form select").forEach(shorten);
  shortenAll(document);
  document.addEventListener("htmx:afterSwap", (event) => shortenAll(event.target));

  // Filter of the history.
  document.querySelectorAll("[data-story-filter]").forEach((filter) => {
    filter.hidden = false;
    const story = filter.closest("section");
    filter.addEventListener("change", (event) => {
      const kind = event.target.value;
      story.querySelectorAll("[data-kind]").forEach((item) => {
        const own = item.dataset.kind === "bot" ? "system" : item.dataset.kind;
        item.hidden = kind !== "" && own !== kind;
      });
    });
  });
})();

// What is typed into an action's form is kept on the server too, a moment after the last key.
(function () {
  "use strict";
  const WAIT_MS = 800;
  const waiting = new WeakMap();
  const keep = async (form) => {
    const note = form.querySelector("[data-typed-note]");
    const body = new FormData(form);
    body.delete("photos");
    try {
      const answer = await fetch(form.dataset.typed, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      const told = answer.ok ? await answer.json() : null;
      if (note) note.textContent = told && told.at ? note.dataset.kept.replace("{at}", told.at) : "";
    } catch {
      if (note) note.textContent = "";
    }
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-typed]");
    if (!form || event.isComposing) return;
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => keep(form), WAIT_MS));
  });
  document.addEventListener("submit", (event) => clearTimeout(waiting.get(event.target)));
})();
