// Keeps a page current: fetches it again and exchanges what is marked data-live. Without JavaScript the page reloads itself.
"use strict";

const note = document.getElementById("live-note");
const everyMs = Number(note.dataset.every) * 1000;
let lastSuccess = new Date();

function inUse() {
  // What must not wait is exchanged even under a reader's hands.
  if (document.querySelector("[data-live-always]") !== null) {
    return document.hidden;
  }
  // Nothing is taken from under a reader's hands: not a selection, not an opened detail, not the focus.
  const chosen = document.getSelection();
  const focused = document.activeElement;
  return (
    document.hidden ||
    (chosen && !chosen.isCollapsed) ||
    document.querySelector("[data-live] details[open]") !== null ||
    (focused && focused.closest("[data-live]") !== null)
  );
}

async function refresh() {
  if (inUse()) {
    return;
  }
  try {
    const answer = await fetch(window.location.href, { cache: "no-store" });
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const successor = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (successor !== null && successor.innerHTML !== part.innerHTML) {
        const held = part.contains(document.activeElement) ? document.activeElement : null;
        part.replaceChildren(...successor.childNodes);
        if (held !== null) {
          // The keyboard stays on the same button of the same notice.
          part.querySelector(`[name="${held.name}"][value="${held.value}"]`)?.focus();
        }
      }
    }
    document.title = fresh.title;
    note.textContent = fresh.getElementById("live-note")?.textContent ?? "complete";
    note.classList.remove("stale");
    lastSuccess = new Date();
    if (fresh.getElementById("live-note") === null) {
      window.clearInterval(timer);
    }
  } catch {
    note.textContent = `no answer since ${lastSuccess.toLocaleTimeString()}: this page is out of date`;
    note.classList.add("stale");
  }
}

const timer = window.setInterval(refresh, everyMs);
