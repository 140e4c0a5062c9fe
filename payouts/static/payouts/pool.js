// The sheet under the keyboard: kept while one types, Enter and arrows between people, paste a column, Ctrl+Z.
"use strict";

(() => {
  const QUIET = 600, AGAIN = 3000;
  document.body.classList.add("with-script");
  const FIELD = "[data-amount], [data-reason]";
  const sheet = () => document.querySelector("#sheet");
  const fields = () => [...document.querySelectorAll("[data-amount]")];
  const dirty = (field) => field.value !== field.defaultValue;
  const note = (word) => {
    const place = document.querySelector("#sheet .note");
    if (place && place.dataset[word]) place.textContent = place.dataset[word];
  };
  const step = (field, by) => {
    const all = fields();
    const next = all[all.indexOf(field) + by];
    if (next) { next.focus(); next.select(); }
  };

  let waiting = null;
  const keep = () => {
    clearTimeout(waiting);
    if (window.htmx && sheet()) window.htmx.trigger(sheet(), "keep");
  };

  // A turn is one stay at a field: what is kept within it several times is undone at once. It ends when it was sent.
  const page = Date.now().toString(36);
  const turns = new Map(), over = new Set(), kept = new Map();
  let turn = 0, swapping = false;

  // Kept 600 ms after the last key. A step (+250) is not: kept twice it would be taken twice, so it waits for Enter.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches(FIELD)) return;
    clearTimeout(waiting);
    if (!turns.has(field.id) || over.has(field.id)) { turns.set(field.id, `${page}.${++turn}`); over.delete(field.id); }
    kept.delete(field.id);
    if (field.matches("[data-amount]") && !/^[\s\d.,'’]*%?\s*$/.test(field.value)) return;
    waiting = setTimeout(() => { kept.set(field.id, field.value); keep(); }, QUIET);
  });

  // Leaving a field that is kept already shows the amount as the server wrote it.
  document.addEventListener("change", (event) => {
    const field = event.target;
    // A field that is swapped away while somebody types in it says "change" too; they are still there.
    if (swapping || !field.matches(FIELD)) return;
    over.add(field.id);
    if (kept.get(field.id) === field.value && !field.matches("[aria-invalid=true]") && !busy) {
      kept.delete(field.id);
      field.value = field.defaultValue;
      return;
    }
    kept.delete(field.id);
    keep();
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      if (field.matches("input") && dirty(field) && kept.get(field.id) !== field.value) return;
      const undo = document.querySelector("#undo");
      if (undo && !undo.disabled) {
        event.preventDefault();
        clearTimeout(waiting);
        kept.clear();
        if (field.matches(FIELD)) { over.add(field.id); field.value = field.defaultValue; }
        undo.click();
      }
      return;
    }
    if (!field.matches("[data-amount]")) return;
    const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      const all = fields();
      if (event.key === "Enter" && dirty(field) && !all[all.indexOf(field) + by]) { over.add(field.id); kept.delete(field.id); keep(); }
      step(field, by);
    }
    if (event.key === "Escape" && dirty(field)) { clearTimeout(waiting); kept.delete(field.id); field.value = field.defaultValue; }
  });

  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!field.matches("[data-amount]")) return;
    const text = event.clipboardData.getData("text");
    const lines = text.replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t")[0].trim());
    if (lines.length < 2) return;
    event.preventDefault();
    const all = fields();
    const start = all.indexOf(field);
    lines.forEach((line, place) => { if (all[start + place]) all[start + place].value = line; });
    keep();
  });

  // What goes with a sheet that is sent: in which turn each field was typed.
  let busy = false;
  const ours = (event) => sheet() && (event.detail.elt === sheet() || sheet().contains(event.detail.elt));
  document.addEventListener("htmx:configRequest", (event) => {
    if (!ours(event)) return;
    turns.forEach((name, id) => { event.detail.parameters[`turn-${id}`] = name; });
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!ours(event)) return;
    busy = true;
    document.querySelectorAll(FIELD).forEach((field) => { field.dataset.sent = field.value; });
    over.forEach((id) => turns.delete(id));
    over.clear();
    note("saving");
  });
  document.addEventListener("htmx:afterRequest", (event) => { if (ours(event) || !sheet()) busy = false; });

  // What somebody types while an answer is on its way stays as they typed it, and so does what was kept as they typed.
  let typing = null;
  document.addEventListener("htmx:beforeSwap", () => {
    busy = false;
    swapping = true;
    const field = document.activeElement;
    typing = null;
    if (!field || !field.matches(FIELD)) return;
    const own = (dirty(field) && field.dataset.sent !== field.value) || kept.get(field.id) === field.value;
    typing = { id: field.id, value: own ? field.value : null, at: field.selectionStart };
  });
  document.addEventListener("htmx:afterSettle", () => {
    swapping = false;
    if (!typing) return;
    const field = document.getElementById(typing.id);
    if (field) {
      if (typing.value !== null) field.value = typing.value;
      if (document.activeElement !== field) field.focus();
      if (typing.value === null && field.select) field.select();
      else if (typing.value !== null && field.setSelectionRange) field.setSelectionRange(typing.at, typing.at);
    }
    typing = null;
  });

  // No answer, or one that says the server is in trouble: what was typed stands, and is sent again.
  const again = (event) => {
    const answer = event.detail.xhr;
    busy = swapping = false;
    if (!ours(event) || (answer && answer.status >= 400 && answer.status < 500)) return;
    note("retrying");
    waiting = setTimeout(keep, AGAIN);
  };
  document.addEventListener("htmx:responseError", again);
  document.addEventListener("htmx:sendError", again);
})();
