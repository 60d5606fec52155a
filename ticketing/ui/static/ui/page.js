// What every page does: notes that close, undo that counts down, forms that send once, drafts that are kept.
(function () {
  "use strict";
  const text = (name) => document.body.dataset["text" + name] || "";
  const announce = (words) => {
    const place = document.getElementById("announce");
    if (place) place.textContent = words;
  };

  // The element itself and all below it: htmx announces each new element, which may be the form itself.
  const within = (root, selector) => [...(root.matches && root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];

  // Notes -----------------------------------------------------------------------------------------------------------
  function prepareNotes(root) {
    within(root, "[data-close]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => button.closest("[data-note]").remove());
    });
    within(root, "form[data-undo]").forEach((form) => {
      if (form.dataset.started) return;
      form.dataset.started = "1";
      const until = Date.now() + Number(form.dataset.undo) * 1000;
      const left = form.querySelector(".undo-left");
      const tick = () => {
        const seconds = Math.ceil((until - Date.now()) / 1000);
        if (seconds <= 0) form.remove();
        else {
          left.textContent = seconds + " s";
          window.setTimeout(tick, 500);
        }
      };
      tick();
    });
    const focus = within(root, "[data-focus]")[0];
    if (focus) focus.focus();
  }

  function showNote(meaning, what) {
    const main = document.getElementById("main");
    if (!main) return;
    let notes = document.getElementById("notes");
    if (!notes) {
      notes = document.createElement("div");
      notes.id = "notes";
      notes.className = "notes";
      main.prepend(notes);
    }
    const note = document.createElement("div");
    note.className = "note note-" + meaning;
    note.setAttribute("role", "alert");
    const words = document.createElement("p");
    words.className = "note-text note-what";
    words.textContent = what;
    note.append(words);
    notes.replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
  }

  // A form is sent once: a double click or a second Enter does nothing. Coming back by history opens it again. ---------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || (form.method || "").toLowerCase() !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter;
    if (button) {
      // After the browser has read the form, or the button's own name and value would be missing.
      window.setTimeout(() => {
        button.setAttribute("aria-busy", "true");
        button.setAttribute("aria-disabled", "true");
        announce(text("Sending"));
      }, 0);
    }
  });
  const reopen = (root) => {
    root.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
    root.querySelectorAll('button[aria-busy="true"]').forEach((button) => {
      button.removeAttribute("aria-busy");
      button.removeAttribute("aria-disabled");
    });
  };
  window.addEventListener("pageshow", () => reopen(document));
  document.addEventListener("htmx:afterRequest", () => reopen(document));
  ["htmx:sendError", "htmx:timeout"].forEach((name) =>
    document.addEventListener(name, () => showNote("overdue", text("Failed"))),
  );
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status !== 400 && status !== 409 && status !== 422) showNote("overdue", text("Failed"));
  });

  // Drafts: <form data-draft="key"> keeps its text in this browser until the server has taken it. ----------------------
  const DRAFT = "draft:";
  const fieldsOf = (form) =>
    [...form.elements].filter(
      (field) =>
        field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type) && field.type !== "fieldset",
    );

  function readForm(form) {
    const values = {};
    fieldsOf(form).forEach((field) => {
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked) (values[field.name] = values[field.name] || []).push(field.value);
      } else if (field.value) values[field.name] = [field.value];
    });
    return values;
  }

  function fillForm(form, values) {
    let filled = false;
    fieldsOf(form).forEach((field) => {
      const kept = values[field.name];
      if (!kept) return;
      if (field.type === "checkbox" || field.type === "radio") {
        const on = kept.includes(field.value);
        if (on && !field.checked) filled = field.checked = true;
      } else if (!field.value && kept[0]) {
        field.value = kept[0];
        filled = true;
      }
    });
    return filled;
  }

  function keepDraft(form) {
    if (form.dataset.keeping) return;
    form.dataset.keeping = "1";
    const key = DRAFT + form.dataset.draft;
    let stored = null;
    try {
      stored = JSON.parse(window.localStorage.getItem(key));
    } catch {
      window.localStorage.removeItem(key);
    }
    if (stored && fillForm(form, stored.values)) {
      const line = document.createElement("p");
      line.className = "draft-note";
      line.setAttribute("role", "status");
      const time = new Date(stored.at).toLocaleString(document.documentElement.lang, {
        month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
      });
      line.append(text("Draft").replace("{time}", time) + " ");
      const drop = document.createElement("button");
      drop.type = "button";
      drop.className = "link-button";
      drop.textContent = text("Discard");
      drop.addEventListener("click", () => {
        window.localStorage.removeItem(key);
        form.reset();
        line.remove();
      });
      line.append(drop);
      form.prepend(line);
      form.dispatchEvent(new CustomEvent("draft:filled", { bubbles: true }));
    }
    let timer = 0;
    const save = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        const values = readForm(form);
        try {
          if (Object.keys(values).length) window.localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
          else window.localStorage.removeItem(key);
        } catch {
          // Storage is full or forbidden: the form itself still holds the text.
        }
      }, 300);
    };
    form.addEventListener("input", save);
    form.addEventListener("change", save);
  }

  // <... data-draft-done="key key2">: the server took these drafts. They are deleted before forms are filled again.
  function dropTakenDrafts(root) {
    within(root, "[data-draft-done]").forEach((mark) =>
      mark.dataset.draftDone.split(" ").forEach((key) => window.localStorage.removeItem(DRAFT + key)),
    );
  }

  // <button data-fill="login password" data-values="seat1 secret">: fills fields of the page's forms by name.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (!button) return;
    const values = button.dataset.values.split(" ");
    button.dataset.fill.split(" ").forEach((name, at) => {
      const field = document.querySelector(`main [name="${CSS.escape(name)}"]`);
      if (field) field.value = values[at];
    });
    const send = document.querySelector("main form button.btn-primary");
    if (send) send.focus();
  });

  // Menus close on Escape and on a click elsewhere. ---------------------------------------------------------------------
  document.addEventListener("click", (event) =>
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    }),
  );
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  function prepare(root) {
    try {
      dropTakenDrafts(root);
      within(root, "form[data-draft]").forEach(keepDraft);
    } catch {
      // Without storage the page works, it only keeps no drafts.
    }
    prepareNotes(root);
  }

  document.addEventListener("DOMContentLoaded", () => prepare(document));
  document.addEventListener("htmx:load", (event) => prepare(event.target));
  window.hotline = Object.assign(window.hotline || {}, { announce, showNote });
})();
