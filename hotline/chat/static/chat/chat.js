// The live chat. The page is whole without it: this replaces sending and reloading by one numbered socket.
// Every message has a number; after a break the page says the last one it has and gets the rest. What could not be sent
// stays on the screen and goes out again with the same reference, so nothing is stored twice.
(function () {
  "use strict";
  const chat = document.getElementById("chat");
  const form = document.getElementById("say");
  if (!chat || !form || !window.hotline || !window.hotline.socket) return;
  const list = document.getElementById("turns");
  const state = document.getElementById("chat-state");
  const typing = document.getElementById("chat-typing");
  const choices = document.getElementById("choices");
  const field = document.getElementById("text");
  const problem = document.getElementById("say-error");
  const words = (name) => chat.dataset["text" + name] || "";
  const limit = Number(chat.dataset.limit);
  const unsent = new Map(); // client_ref -> {message, element}
  let last = Number(chat.dataset.lastSeq) || 0;
  let typingTimer = 0, typedAt = 0;
  let open = false;

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const newRef = () => Array.from(window.crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 120;
  const toEnd = () => { list.scrollTop = list.scrollHeight; };

  function bubble(turn) {
    const row = element("li", "turn turn-" + turn.speaker + (turn.kind === "notice" ? " turn-notice" : ""));
    if (turn.seq) row.dataset.seq = turn.seq;
    const body = element("div", "turn-body");
    const names = { citizen: "Me", bot: "Bot", seat: "Seat", system: "System" };
    const who = element("p", "turn-who", words(names[turn.speaker]) + " ");
    const time = element("time", "", (turn.at || "").slice(11, 16));
    time.dateTime = turn.at || "";
    who.append(time);
    const text = element("div", "turn-text");
    ((turn.data && turn.data.label) || turn.text).split("\n").forEach((line, index) => {
      if (index) text.append(element("br"));
      text.append(line);
    });
    body.append(who, text);
    const data = turn.data || {};
    if (data.sources && data.sources.length) body.append(sourceCard(data));
    if (data.number) body.append(orderCard(data.number));
    row.append(body);
    return row;
  }

  function sourceCard(data) {
    const card = element("div", "turn-card");
    const title = element("p", "turn-card-title");
    if (data.article_code) {
      const link = element("a", "", data.title || data.article_code);
      link.href = chat.dataset.article.replace("CODE", encodeURIComponent(data.article_code));
      title.append(link);
    } else title.append(data.title || "");
    if (data.version) title.append(element("span", "fine-print", words("Version").replace("{n}", data.version)));
    const items = element("ul");
    data.sources.forEach((source) => {
      items.append(element("li", "", words("Source") + ": " + [source.title, source.article, source.date].filter(Boolean).join(" ")));
    });
    card.append(title, items);
    return card;
  }

  function orderCard(number) {
    const card = element("div", "turn-card");
    card.append(element("p", "turn-card-title order-number", (number.match(/.{1,4}/g) || []).join(" ")));
    const link = element("a", "btn btn-sm", words("Track"));
    link.href = chat.dataset.track + "?number=" + encodeURIComponent(number);
    card.append(link);
    return card;
  }

  function showChoices(turn) {
    choices.querySelectorAll("button").forEach((button) => button.remove());
    if (turn.speaker !== "bot") return;
    ((turn.data || {}).choices || []).forEach((choice) => {
      const button = element("button", "btn btn-sm", choice.label);
      button.type = "button";
      button.addEventListener("click", () => {
        if (choice.key) send({ type: "key", key: choice.key }, choice.label);
        else send({ type: "say", text: choice.value || choice.label }, choice.label);
      });
      choices.append(button);
    });
  }

  function receive(turn) {
    if (turn.seq <= last) return;
    last = turn.seq;
    const stay = atEnd() || turn.speaker === "citizen";
    const waiting = turn.client_ref && unsent.get(turn.client_ref);
    const row = bubble(turn);
    if (waiting) {
      waiting.element.replaceWith(row);
      unsent.delete(turn.client_ref);
    } else list.append(row);
    typing.textContent = turn.speaker === "citizen" && chat.dataset.owner === "bot" ? words("Thinking") : "";
    showChoices(turn);
    if (stay) toEnd();
  }

  function showStatus(status) {
    chat.dataset.owner = status.owner;
    if (status.status === "ended") {
      state.textContent = words("Ended");
      window.setTimeout(() => window.location.reload(), 1500);
    } else if (status.owner === "queue" && status.ahead !== null) {
      state.textContent = status.ahead ? words("Ahead").replace("{n}", status.ahead) : words("First");
    } else state.textContent = "";
    if (status.owner !== "bot" && typing.textContent === words("Thinking")) typing.textContent = "";
  }

  function complain(text) {
    problem.textContent = text;
    problem.hidden = !text;
  }

  function send(message, shown) {
    const ref = newRef();
    message.client_ref = ref;
    const row = bubble({ speaker: "citizen", text: shown, at: "" });
    row.classList.add("turn-unsent");
    row.querySelector("time").textContent = words("Sending");
    list.append(row);
    unsent.set(ref, { message, element: row, shown });
    toEnd();
    complain("");
    if (!socket.send(message)) row.querySelector("time").textContent = words("Unsent");
  }

  const socket = window.hotline.socket(chat.dataset.socket, {
    onOpen(api) {
      open = true;
      api.send({ type: "hello", last_seq: last });
      unsent.forEach((entry) => api.send(entry.message));
    },
    onState(up) { open = up; },
    onMessage(data) {
      if (data.type === "turn") receive(data.turn);
      else if (data.type === "status") showStatus(data);
      else if (data.type === "typing" && data.speaker === "seat") {
        typing.textContent = words("Typing");
        window.clearTimeout(typingTimer);
        typingTimer = window.setTimeout(() => { typing.textContent = ""; }, 4000);
      } else if (data.type === "error") {
        complain(data.message);
        typing.textContent = "";
        const entry = data.client_ref && unsent.get(data.client_ref);
        if (entry) { // back into the field: nothing typed is lost
          if (entry.message.type === "say" && !field.value) field.value = entry.message.text;
          entry.element.remove();
          unsent.delete(data.client_ref);
        }
      }
    },
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    if (text.length > limit) {
      complain(words("Long").replace("{n}", text.length).replace("{limit}", limit));
      return;
    }
    field.value = "";
    field.focus();
    send({ type: "say", text }, text);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  field.addEventListener("input", () => {
    if (open && Date.now() - typedAt > 2000) {
      typedAt = Date.now();
      socket.send({ type: "typing" });
    }
  });
  choices.addEventListener("submit", (event) => { // buttons that the server wrote
    event.preventDefault();
    const button = event.submitter;
    if (!button) return;
    send(button.name === "key" ? { type: "key", key: button.value } : { type: "say", text: button.value }, button.textContent);
  });
  toEnd();
})();
