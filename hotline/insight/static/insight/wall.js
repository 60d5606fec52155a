// The wall lives: at most 10 s old, at once after an event, and it says so when it is not.
(function () {
  "use strict";
  const wall = document.getElementById("wall");
  const clock = document.getElementById("wall-clock");
  if (!wall) return;
  const EVERY_MS = 10000, SOON_MS = 800;
  let timer = 0, busy = false, fresh = Date.now();
  const time = (moment) => moment.toLocaleTimeString("zh-CN", { hour12: false, timeZone: wall.dataset.timezone });

  async function refresh() {
    window.clearTimeout(timer);
    if (!busy) {
      busy = true;
      try {
        const answer = await fetch(wall.dataset.url, { credentials: "same-origin" });
        if (answer.ok && !answer.redirected) {
          const before = {};
          wall.querySelectorAll("[data-figure]").forEach((figure) => { before[figure.dataset.figure] = figure.querySelector(".figure-value").textContent; });
          wall.innerHTML = await answer.text();
          wall.querySelectorAll("[data-figure]").forEach((figure) => {
            if (before[figure.dataset.figure] !== figure.querySelector(".figure-value").textContent) figure.classList.add("is-new");
          });
          fresh = Date.now();
        }
      } catch {
        // The clock shows how old the figures are.
      }
      busy = false;
    }
    timer = window.setTimeout(refresh, EVERY_MS);
  }
  const soon = () => { window.clearTimeout(timer); timer = window.setTimeout(refresh, SOON_MS); };
  wall.addEventListener("feed:event", soon);
  wall.addEventListener("feed:stale", soon);
  timer = window.setTimeout(refresh, EVERY_MS);
  window.setInterval(() => {
    const old = Date.now() - fresh > 3 * EVERY_MS;
    clock.textContent = old ? wall.dataset.textStale.replace("{time}", time(new Date(fresh))) : time(new Date());
    clock.classList.toggle("is-old", old);
  }, 1000);
})();
