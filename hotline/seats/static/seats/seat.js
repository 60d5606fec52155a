// The seat's live desk: turns come over one socket, the queue by its feed, the form fills what nobody has touched.
(function () {
  "use strict";
  if (!window.hotline || !window.hotline.socket) return;
  const desk = document.querySelector(".seat-desk");
  const queue = document.getElementById("queue");
  const log = document.getElementById("talk-log");
  if (!desk) return;
  const talk = log ? log.dataset.talk : "";
  const words = (name) => (log && log.dataset["text" + name]) || "";
  let last = log ? Number(log.dataset.lastSeq || 0) : 0;

  // Queue: fetched anew after an event; while the hand is on it, it waits so that nothing moves under it. -----------------
  let queueTimer = 0;
  async function refreshQueue() {
    if (queue.matches(":hover") && !queue.querySelector("#ring") && document.hasFocus()) {
      queueTimer = window.setTimeout(refreshQueue, 1500);
      return;
    }
    const focused = queue.contains(document.activeElement) && document.activeElement.id;
    try {
      const answer = await fetch(queue.dataset.url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (!answer.ok) return;
      queue.innerHTML = await answer.text();
      if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
      prepareQueue();
    } catch {
      // The connection line says so; the next event or the timer tries again.
    }
  }
  const soon = (ms) => { window.clearTimeout(queueTimer); queueTimer = window.setTimeout(refreshQueue, ms); };
  function prepareQueue() {
    const select = document.getElementById("presence");
    if (!select) return;
    select.addEventListener("change", () => select.form.requestSubmit());
    select.form.querySelector("button").hidden = true; // only needed where no script runs
  }
  prepareQueue();
  desk.addEventListener("feed:event", (event) => soon(event.detail.kind === "ring" ? 0 : 300));
  desk.addEventListener("feed:stale", () => soon(0));
  window.setInterval(() => soon(0), 30000); // waiting times grow

  // Transcript ----------------------------------------------------------------------------------------------------------
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  function addTurn(turn) {
    if (!log || turn.seq <= last) return;
    last = turn.seq;
    const stay = log.scrollHeight - log.scrollTop - log.clientHeight < 160;
    const row = element("li", "line line-" + turn.speaker);
    row.id = "turn-" + turn.seq;
    row.dataset.seq = turn.seq;
    const names = { citizen: "Citizen", bot: "Bot", seat: "Seat", system: "System" };
    const text = element("span", "line-text");
    if (turn.kind === "key") text.append(element("kbd", "", turn.text), " " + ((turn.data || {}).label || ""));
    else turn.text.split("\n").forEach((line, index) => { if (index) text.append(element("br")); text.append(line); });
    ((turn.data || {}).sources || []).forEach((source) => text.append(element("span", "line-source", [source.title, source.article].filter(Boolean).join(" "))));
    row.append(element("span", "line-who", words(names[turn.speaker])), text, element("span", "line-at nums", "#" + turn.seq + " " + (turn.at || "").slice(11, 19)));
    if (turn.speaker === "citizen") overhear("");
    row.dataset.at = turn.at || "";
    if ((turn.data || {}).late) { // said before what stands below it
      row.classList.add("line-late");
      text.append(element("span", "line-source", words("Late")));
      const later = Array.from(log.children).find((line) => Date.parse(line.dataset.at) > Date.parse(turn.at));
      log.insertBefore(row, later || log.querySelector(".line-partial"));
    } else log.insertBefore(row, log.querySelector(".line-partial"));
    if (stay) log.scrollTop = log.scrollHeight;
    typing.textContent = "";
    if (turn.speaker === "citizen") helpSoon();
  }
  // What is being said on a call just now: a grey line that grows until the turn takes its place. Readers of the screen
  // get the turn alone.
  function overhear(text) {
    if (!log) return;
    let row = log.querySelector(".line-partial");
    if (!text) { if (row) row.remove(); return; }
    const stay = log.scrollHeight - log.scrollTop - log.clientHeight < 160;
    if (!row) {
      row = element("li", "line line-citizen line-partial");
      row.setAttribute("aria-hidden", "true");
      row.append(element("span", "line-who", words("Citizen")), element("span", "line-text"), element("span", "line-at", words("Speaking")));
      log.append(row);
    }
    row.querySelector(".line-text").textContent = text;
    if (stay) log.scrollTop = log.scrollHeight;
  }
  const typing = document.getElementById("talk-typing") || element("p");
  const problem = document.getElementById("say-problem");
  const sayForm = document.getElementById("talk-say");
  const field = document.getElementById("say-text");
  const waiting = new Map();
  let typingTimer = 0, typedAt = 0, mine = Boolean(sayForm);

  const socket = window.hotline.socket("/ws/seat/", {
    onOpen(api) {
      if (!talk) return;
      api.send({ type: "watch", conversation: talk, last_seq: last });
      waiting.forEach((message) => api.send(message));
    },
    onMessage(data) {
      if (data.type === "turn") {
        waiting.delete(data.turn.client_ref);
        addTurn(data.turn);
      } else if (data.type === "typing") {
        typing.textContent = words("Typing");
        window.clearTimeout(typingTimer);
        typingTimer = window.setTimeout(() => { typing.textContent = ""; }, 4000);
      } else if (data.type === "partial") overhear(data.text);
      else if (data.type === "status") {
        if (data.status !== "open") overhear("");
        if (data.status === "ended") typing.textContent = words("Ended");
        else if (mine && !data.mine) { mine = false; complain(words("Lost")); }
      } else if (data.type === "error") {
        const message = waiting.get(data.client_ref);
        waiting.delete(data.client_ref);
        if (message && field && !field.value) field.value = message.text;
        complain(data.message);
      }
    },
  });
  function complain(text) {
    if (!problem) return;
    problem.textContent = text;
    problem.hidden = !text;
  }
  if (sayForm) {
    sayForm.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (!text) return;
      const ref = Array.from(window.crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
      const message = { type: "say", text, client_ref: ref };
      waiting.set(ref, message);
      field.value = "";
      complain("");
      socket.send(message);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        sayForm.requestSubmit();
      }
    });
    field.addEventListener("input", () => {
      if (Date.now() - typedAt > 2000) { typedAt = Date.now(); socket.send({ type: "typing" }); }
    });
  }
  if (log) log.scrollTop = log.scrollHeight;

  // Form and help ---------------------------------------------------------------------------------------------------------
  const holder = document.getElementById("talk-form");
  const assist = document.getElementById("assist");
  const touched = new Set();
  let helpTimer = 0;
  const helpSoon = () => { window.clearTimeout(helpTimer); helpTimer = window.setTimeout(help, 600); };
  const form = () => document.getElementById("order-form");

  async function help() {
    if (!holder) return;
    try {
      const [facts, beside] = await Promise.all([fetch(holder.dataset.filled), fetch(assist.dataset.url)]);
      if (facts.ok) fill(await facts.json());
      if (beside.ok && !assist.contains(document.activeElement)) {
        assist.innerHTML = await beside.text();
      }
    } catch {
      // Next turn tries again.
    }
  }
  function fill(found) {
    let item = false;
    Object.entries(found).forEach(([name, fact]) => {
      const input = form().elements[name];
      if (!input || touched.has(name) || document.activeElement === input) return;
      if (fact.placeholder) { // known but shown masked: left empty, the known one is used
        if (input.value || input.placeholder === fact.placeholder) return;
        input.placeholder = fact.placeholder;
      } else {
        if (input.value === fact.value) return;
        input.value = fact.value;
      }
      const from = form().querySelector(`[data-field="${CSS.escape(name)}"] [data-from]`);
      if (from) {
        from.className = "from from-" + fact.sure;
        from.textContent = fact.percent + "% ";
        if (fact.seq) {
          const link = element("a", "", "#" + fact.seq);
          link.href = "#turn-" + fact.seq;
          from.append(link);
        }
      }
      if (name === "duty_item") item = true;
    });
    if (item) reform();
  }
  async function reform() { // another duty item has other questions
    const values = new URLSearchParams();
    new FormData(form()).forEach((value, name) => { if (name !== "csrfmiddlewaretoken" && name !== "key") values.set(name, value); });
    const answer = await fetch(holder.dataset.url + "?" + values);
    if (answer.ok) holder.innerHTML = await answer.text();
  }
  if (holder) {
    holder.addEventListener("input", (event) => {
      if (event.target.name) touched.add(event.target.name);
      if (event.target.name === "place_text") places(event.target.value);
    });
    holder.addEventListener("change", (event) => { if (event.target.name === "duty_item") reform(); });
    assist.addEventListener("click", (event) => {
      const button = event.target.closest("[data-answer]");
      if (!button) return;
      const direct = form().querySelector(".direct");
      direct.open = true;
      form().elements.answer.value = button.dataset.answer;
      form().elements.article.value = button.dataset.article;
      form().elements.article_version.value = button.dataset.version;
      if (field && !field.value) field.value = button.dataset.answer;
      form().elements.answer.focus();
    });
  }
  let placeTimer = 0;
  function places(text) {
    window.clearTimeout(placeTimer);
    placeTimer = window.setTimeout(async () => {
      const answer = await fetch("/desk/seat/places/?place_text=" + encodeURIComponent(text));
      if (answer.ok) document.getElementById("places").innerHTML = await answer.text();
    }, 250);
  }
})();
