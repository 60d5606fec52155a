// The page's one live connection. Feeds are numbered: after a break the client says the last number it saw and gets
// the rest. While there is no socket a thin amber line shows it, and pages are told to poll.
//
//   <div data-feed="inbox unit:3" data-feed-after='{"inbox": 41}'>   subscribes; each event is sent to this element
//        as "feed:event" (detail: {stream, seq, kind, payload, at}) and bubbles. "feed:stale" asks to load anew: after a
//        gap in the numbers, and every 20 s while there is no socket.
//   <button data-new-rows data-text-one="1 new order" data-text-many="{n} new orders" data-kinds="order"
//           data-states="triage">
//        inside a feed: stays hidden, counts events of these kinds (and states in their payload) and shows itself; pages
//        give it hx-get, or it is a link.
//   hotline.socket(path, {onMessage, onState})   the same healing socket for other uses (chat, seat desk).
(function () {
  "use strict";
  const POLL_MS = 20000;
  const LONGEST_WAIT_MS = 15000;
  const QUIET_MS = 2500; // a break shorter than this is healed without a word
  const down = new Set();

  const line = () => document.getElementById("connection");
  const words = (name) => document.body.dataset["text" + name] || "";

  function showState() {
    const place = line();
    if (!place) return;
    if (down.size || !navigator.onLine) {
      if (place.hidden) {
        place.textContent = words("Offline");
        place.hidden = false;
      }
    } else if (!place.hidden) {
      place.hidden = true;
      place.textContent = "";
      if (window.hotline.announce) window.hotline.announce(words("Online"));
    }
  }

  function socket(path, { onMessage, onOpen, onState } = {}) {
    const name = {};
    let ws = null, waits = 0, closed = false, timer = 0, quiet = 0, heard = 0, beat = 0;
    const address = new URL(path, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";

    function up(state) {
      window.clearTimeout(quiet);
      if (state) down.delete(name);
      else quiet = window.setTimeout(() => { if (!closed) { down.add(name); showState(); } }, QUIET_MS);
      showState();
      if (onState) onState(state);
    }

    function connect() {
      window.clearTimeout(timer);
      if (closed) return;
      ws = new WebSocket(address);
      ws.onopen = () => {
        waits = 0;
        heard = Date.now();
        up(true);
        if (onOpen) onOpen(api);
      };
      ws.onmessage = (event) => {
        heard = Date.now();
        let data;
        try {
          data = JSON.parse(event.data);
        } catch {
          return;
        }
        if (data.type !== "pong" && onMessage) onMessage(data);
      };
      ws.onclose = (event) => {
        if (closed) return;
        if (event.code >= 4400 && event.code < 4500) {
          closed = true; // refused, trying again would not help
          if (onState) onState(false);
          return;
        }
        up(false);
        const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** waits++) * (0.75 + Math.random() / 2);
        timer = window.setTimeout(connect, wait);
      };
    }

    const api = {
      send(data) {
        if (!ws || ws.readyState !== WebSocket.OPEN) return false;
        ws.send(JSON.stringify(data));
        return true;
      },
      close() {
        closed = true;
        window.clearTimeout(timer);
        window.clearTimeout(quiet);
        window.clearInterval(beat);
        down.delete(name);
        showState();
        if (ws) ws.close();
      },
    };
    // A line that died without a word is found by its silence.
    beat = window.setInterval(() => {
      if (!ws || ws.readyState !== WebSocket.OPEN) return;
      if (Date.now() - heard > 60000) ws.close();
      else api.send({ type: "ping" });
    }, 25000);
    const wake = () => { waits = 0; if (!ws || ws.readyState > WebSocket.OPEN) connect(); };
    window.addEventListener("online", () => { showState(); wake(); });
    window.addEventListener("offline", showState);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
    connect();
    return api;
  }

  // Feeds -----------------------------------------------------------------------------------------------------------
  const cursors = {};
  let feed = null, polling = 0;
  const holders = () => [...document.querySelectorAll("[data-feed]")];
  const streamsOf = (holder) => holder.dataset.feed.split(" ").filter(Boolean);
  const tell = (holder, name, detail) => holder.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

  function readHolders() {
    holders().forEach((holder) => {
      let after = {};
      try {
        after = JSON.parse(holder.dataset.feedAfter || "{}");
      } catch {
        // No numbers: the stream starts at the present.
      }
      streamsOf(holder).forEach((stream) => {
        if (!(stream in cursors)) cursors[stream] = Number.isInteger(after[stream]) ? after[stream] : null;
      });
    });
  }

  function subscribe() {
    const after = {};
    Object.entries(cursors).forEach(([stream, seq]) => { if (seq !== null) after[stream] = seq; });
    if (feed && Object.keys(cursors).length) feed.send({ type: "subscribe", streams: Object.keys(cursors), after });
  }

  function take(data) {
    if (data.type === "subscribed") {
      Object.entries(data.streams).forEach(([stream, last]) => { if (cursors[stream] === null || cursors[stream] > last) cursors[stream] = last; });
    } else if (data.type === "event") {
      if (cursors[data.stream] !== null && data.seq <= cursors[data.stream]) return;
      cursors[data.stream] = data.seq;
      holders().filter((holder) => streamsOf(holder).includes(data.stream)).forEach((holder) => tell(holder, "feed:event", data));
    } else if (data.type === "gap") {
      holders().filter((holder) => streamsOf(holder).includes(data.stream)).forEach((holder) => tell(holder, "feed:stale", data));
    }
  }

  function start() {
    readHolders();
    if (!Object.keys(cursors).length) return;
    if (feed) {
      subscribe();
      return;
    }
    feed = socket("/ws/feeds/", {
      onOpen: subscribe,
      onMessage: take,
      onState(isUp) {
        window.clearInterval(polling);
        if (!isUp) polling = window.setInterval(() => holders().forEach((holder) => tell(holder, "feed:stale", {})), POLL_MS);
      },
    });
  }

  // New rows gather behind a bar and never move what a person is about to click.
  document.addEventListener("feed:event", (event) => {
    event.target.querySelectorAll("[data-new-rows]").forEach((bar) => {
      const kinds = (bar.dataset.kinds || "").split(" ").filter(Boolean);
      const states = (bar.dataset.states || "").split(" ").filter(Boolean);
      const payload = event.detail.payload || {};
      if (kinds.length && !kinds.includes(event.detail.kind)) return;
      if (states.length && !states.includes(payload.state)) return;
      const count = Number(bar.dataset.count || 0) + 1;
      bar.dataset.count = count;
      bar.textContent = count === 1 ? bar.dataset.textOne : bar.dataset.textMany.replace("{n}", count);
      bar.hidden = false;
      if (window.hotline.announce) window.hotline.announce(bar.textContent);
    });
  });

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:load", (event) => {
    if (event.target.querySelector && (event.target.matches("[data-feed]") || event.target.querySelector("[data-feed]"))) start();
  });
  window.hotline = Object.assign(window.hotline || {}, { socket });
})();
