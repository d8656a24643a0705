// Keeps the journal's table fresh. The server renders the rows; without script the page is loaded again instead.
"use strict";

const EVERY_MS = 1000;
const rows = document.querySelector("[data-rows]");
const empty = document.querySelector("[data-empty]");
const live = document.querySelector("[data-live]");
const button = live.querySelector("button");
const state = live.querySelector("[role=status]");
let paused = false;

async function refresh() {
  const answer = await fetch("/dashboard/journal/rows" + location.search, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = document.createElement("tbody");
  // Our own server's text, escaped there; the page's policy lets no script in it run.
  fresh.innerHTML = await answer.text();
  const before = new Set(Array.from(rows.children, (row) => row.dataset.n));
  const news = Array.from(fresh.children, (row) => row.dataset.n);
  if (news.length === before.size && news.every((n) => before.has(n))) return;
  for (const row of fresh.children) row.classList.toggle("new", !before.has(row.dataset.n));
  rows.replaceChildren(...fresh.children);
  empty.hidden = rows.children.length > 0;
}

function show(text) {
  // A status that did not change is not announced again.
  if (state.textContent !== text) state.textContent = text;
}

async function turn() {
  if (!paused && !document.hidden) {
    try {
      await refresh();
      if (!paused) show("Live");
    } catch {
      show("The emulator does not answer; trying again");
    }
  }
  setTimeout(turn, EVERY_MS);
}

button.addEventListener("click", () => {
  paused = !paused;
  button.setAttribute("aria-pressed", String(paused));
  show(paused ? "Paused" : "Live");
});
live.hidden = false;
setTimeout(turn, EVERY_MS);
