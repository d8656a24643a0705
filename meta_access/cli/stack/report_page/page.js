
// Search, filters and folds. Without script everything stands on the page, unfolded.
"use strict";

const FEW = 200; // rows; so many that match are unfolded

const byId = (id) => document.getElementById(id);
const wordsOf = (field) => field.value.toLowerCase().split(/\s+/).filter(Boolean);
const say = (place, text) => { if (place.textContent !== text) place.textContent = text; };

function readMatrix(table) {
  const names = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent);
  return Array.from(table.tBodies, (body) => {
    const [head, ...lines] = body.rows;
    const client = head.cells[0].textContent;
    const rows = lines.map((line) => {
      const cells = Array.from(line.cells).slice(1);
      const tasks = cells.map((cell) => Array.from(cell.querySelectorAll("i"), (task) => (task.classList.contains("kept") ? "*kept" : task.textContent)));
      const held = cells.flatMap((cell, at) => (cell.firstChild ? [names[at + 1], cell.textContent] : []));
      return { line, cells, tasks, text: [client, line.cells[0].textContent, ...held].join(" ").toLowerCase() };
    });
    return { body, head, rows };
  });
}

function foldable(group) {
  const name = group.head.querySelector(".client");
  const button = document.createElement("button");
  button.type = "button";
  name.replaceWith(button);
  button.append(name);
  const fold = (folded) => {
    group.body.classList.toggle("folded", folded);
    button.setAttribute("aria-expanded", String(!folded));
  };
  button.addEventListener("click", () => fold(!group.body.classList.contains("folded")));
  return fold;
}

function assignments(table) {
  const groups = readMatrix(table);
  const all = groups.flatMap((group) => group.rows);
  const [find, task, identity, shown, none] = ["find", "task", "identity", "shown", "no-match"].map(byId);
  for (const group of groups) group.fold = foldable(group);
  const foldAll = (folded) => { for (const group of groups) group.fold(folded); };
  const begun = groups.map((group) => group.body.classList.contains("folded"));
  let column = -1, marked = [];

  function apply() {
    const words = wordsOf(find);
    const only = identity.selectedIndex - 1; // the column; -1 is all of them
    const narrowed = task.value !== "" || only >= 0;
    const searched = words.length > 0 || narrowed;
    for (const cell of marked) cell.classList.remove("hit");
    marked = [];
    let assets = 0, clients = 0;
    for (const group of groups) {
      let some = 0;
      for (const row of group.rows) {
        const hits = row.tasks.map((has, at) => (only < 0 || at === only) && has.length > 0 && (!task.value || has.includes(task.value)));
        const fits = words.every((word) => row.text.includes(word)) && (!narrowed || hits.includes(true));
        row.line.hidden = !fits;
        some += fits;
        if (fits && task.value) marked.push(...row.cells.filter((cell, at) => hits[at]));
      }
      const empty = group.rows.length === 0 && !narrowed && words.every((word) => group.head.textContent.toLowerCase().includes(word));
      group.body.hidden = some === 0 && !empty;
      assets += some;
      clients += !group.body.hidden;
    }
    for (const cell of marked) cell.classList.add("hit");
    if (only !== column) {
      for (const { cells } of [...table.rows, { cells: table.querySelector("colgroup").children }]) {
        for (let at = 1; at < cells.length; at += 1) cells[at].hidden = only >= 0 && at - 1 !== only;
      }
      column = only;
    }
    groups.forEach((group, at) => group.fold(searched ? assets > FEW : begun[at]));
    none.hidden = clients > 0;
    table.parentElement.hidden = clients === 0;
    const of = (count, whole, what) => `${searched ? `${count} of ${whole}` : whole} ${what}${whole === 1 ? "" : "s"}`;
    say(shown, `${of(assets, all.length, "asset")}, ${of(clients, groups.length, "client")}`);
  }

  find.addEventListener("input", apply);
  task.addEventListener("change", apply);
  identity.addEventListener("change", apply);
  byId("fold").addEventListener("click", () => foldAll(true));
  byId("unfold").addEventListener("click", () => foldAll(false));
  find.form.addEventListener("submit", (event) => event.preventDefault());
  find.form.hidden = false;
  apply();
}

function gates(folds) {
  const [find, status, shown] = ["find-gate", "status", "shown-gates"].map(byId);
  const parts = folds.map((fold) => ({ fold, open: fold.open, rows: Array.from(fold.querySelectorAll("tbody tr"), (line) => ({ line, text: line.textContent.toLowerCase() })) }));

  function apply() {
    const words = wordsOf(find);
    let count = 0;
    for (const { fold, open, rows } of parts) {
      let some = 0;
      for (const { line, text } of rows) {
        line.hidden = !words.every((word) => text.includes(word));
        some += !line.hidden;
      }
      fold.hidden = some === 0 || (status.value !== "" && fold.dataset.status !== status.value);
      fold.open = words.length > 0 || status.value !== "" ? true : open;
      count += fold.hidden ? 0 : some;
    }
    const whole = parts.reduce((sum, { rows }) => sum + rows.length, 0);
    say(shown, words.length > 0 || status.value ? `${count} of ${whole} gates` : `${whole} gates`);
  }

  find.addEventListener("input", apply);
  status.addEventListener("change", apply);
  find.form.addEventListener("submit", (event) => event.preventDefault());
  find.form.hidden = false;
  apply();
}

const table = byId("matrix");
if (table) assignments(table);
const folds = Array.from(document.querySelectorAll("details.gates"));
if (folds.length > 0) gates(folds);
