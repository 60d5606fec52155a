// Choosing a place from the list, and hiding the contact fields of an anonymous report. The page works without both.
(function () {
  "use strict";
  const form = document.getElementById("report");
  if (!form) return;
  const place = form.elements.place, text = form.elements.place_text;
  const list = document.getElementById("places"), chosen = document.getElementById("place-chosen");
  const contact = document.getElementById("contact");

  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-place]");
    if (!option) return;
    place.value = option.dataset.place;
    text.value = option.dataset.name;
    list.replaceChildren();
    chosen.textContent = form.dataset.textChosen.replace("{name}", option.textContent.trim().replace(/\s+/g, " "));
    text.focus();
  });
  text.addEventListener("input", () => {
    place.value = "";
    chosen.textContent = "";
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || event.isComposing) return;
    const first = list.querySelector("button");
    if (first) {
      event.preventDefault();
      first.focus();
    }
  });
  list.addEventListener("keydown", (event) => {
    const options = [...list.querySelectorAll("button")];
    const at = options.indexOf(document.activeElement);
    if (at < 0 || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    const next = options[at + (event.key === "ArrowDown" ? 1 : -1)];
    (next || text).focus();
  });

  const showContact = () => {
    const secrecy = form.querySelector("[name=secrecy]:checked");
    contact.hidden = Boolean(secrecy) && secrecy.value === "anonymous";
  };
  form.addEventListener("change", showContact);
  form.addEventListener("draft:filled", showContact);
  showContact();
})();
