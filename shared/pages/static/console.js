// Keeps the part of a page that changes fresh, while somebody looks at it. Everything works without.
"use strict";

// On a narrow screen the navigation is longer than the screen.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

(() => {
  const live = document.querySelector("[data-live]");
  const panel = document.querySelector("[data-live-panel]");
  if (!live || !panel) return;

  const every = Number(live.dataset.live) * 1000;
  const button = panel.querySelector("button");
  const said = panel.querySelector("[role=status]");
  const updated = panel.querySelector("[data-live-updated]");
  let isPaused = false;
  let isAsking = false;
  let shown = live.innerHTML;

  const clock = () => new Date().toISOString().slice(11, 19);

  function selectorOf(element) {
    if (!element) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : null;
  }

  // What somebody has opened, scrolled or stands on stays so.
  function replaced(fresh) {
    const opened = [...live.querySelectorAll("details[id][open]")].map((one) => one.id);
    const scrolled = [...live.querySelectorAll("[id].scrolling")].map((one) => [one.id, one.scrollLeft]);
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    const selector = selectorOf(focused);
    live.innerHTML = fresh;
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, left] of scrolled) { const one = document.getElementById(id); if (one) one.scrollLeft = left; }
    const again = selector ? live.querySelector(selector) : null;
    again?.focus({ preventScroll: true });
  }

  function isSelecting() {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && live.contains(selection.anchorNode);
  }

  async function refresh() {
    if (isPaused || isAsking || document.hidden || isSelecting()) return;
    isAsking = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("[data-live]");
      if (!found || isPaused) return;
      if (found.innerHTML !== shown) {
        shown = found.innerHTML;
        replaced(shown);
      }
      const summary = found.dataset.summary || "";
      if (summary !== live.dataset.summary) {
        live.dataset.summary = summary;
        said.textContent = summary;
      }
      updated.textContent = `Updated ${clock()} UTC`;
      panel.classList.remove("lost");
      if (!("live" in found.dataset) || found.dataset.live === "0") stop("Nothing changes here any more");
    } catch {
      updated.textContent = "Cannot be updated at the moment";
      panel.classList.add("lost");
    } finally {
      isAsking = false;
    }
  }

  function stop(why) {
    clearInterval(timer);
    button.hidden = true;
    updated.textContent = why;
  }

  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? "Resume updates" : "Pause updates";
    panel.classList.toggle("paused", isPaused);
    updated.textContent = isPaused ? `Paused at ${clock()} UTC` : updated.textContent;
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);

  if (!every) return;
  const timer = setInterval(refresh, every);
  panel.hidden = false;
})();
