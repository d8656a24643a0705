// Search, and a filter where rows have one, on every page whose lists are long. Without script the lists stand whole.
"use strict";

const LONG = 8; // rows; a shorter page has nothing to search

const form = document.querySelector("[data-search]");
const find = form.querySelector("input");
const filter = form.querySelector("select");
const told = form.querySelector("[role=status]");
const kept = `search ${location.pathname}`;

const items = Array.from(document.querySelectorAll("main tbody tr:not(.group), main .todo li, main .rows li"), (line) => {
  const words = [line.textContent, line.dataset.words];
  for (let above = line.parentElement; above; above = above.parentElement) {
    const head = above.querySelector(":scope > header > h2, :scope > h3, :scope > .group th");
    if (head) words.push(head.textContent);
  }
  return { line, text: words.join(" ").toLowerCase(), has: (line.dataset.filter || "").split(" ").filter(Boolean) };
});
// What holds them, the innermost first, so that one with nothing left to show goes too.
const holders = Array.from(document.querySelectorAll("main tbody, main table, main ul, main article, main section")).reverse()
  .filter((holder) => items.some(({ line }) => holder.contains(line)));

function apply() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const searched = words.length > 0 || (filter !== null && filter.value !== "");
  let shown = 0;
  for (const { line, text, has } of items) {
    line.hidden = !(words.every((word) => text.includes(word)) && (filter === null || !filter.value || has.includes(filter.value)));
    shown += !line.hidden;
  }
  const left = new Set(items.filter(({ line }) => !line.hidden).map(({ line }) => line));
  for (const holder of holders) holder.hidden = searched && !Array.from(left).some((line) => holder.contains(line));
  const text = searched ? `${shown} of ${items.length} rows` : `${items.length} rows`;
  // A status that did not change is not announced again.
  if (told.textContent !== text) told.textContent = text;
  // A press leads back to this page, where the same is looked for.
  sessionStorage.setItem(kept, JSON.stringify([find.value, filter === null ? "" : filter.value]));
}

if (items.length > LONG) {
  if (filter !== null) {
    const values = Array.from(new Set(items.flatMap(({ has }) => has)));
    filter.append(...values.map((value) => new Option(value.replaceAll("_", " "), value)));
  }
  const [word, value] = JSON.parse(sessionStorage.getItem(kept) || '["", ""]');
  find.value = word;
  if (filter !== null) filter.value = Array.from(filter.options).some((option) => option.value === value) ? value : "";
  find.addEventListener("input", apply);
  if (filter !== null) filter.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
}
