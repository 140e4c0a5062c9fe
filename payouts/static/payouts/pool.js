// The sheet under the keyboard: keep on leaving a field, Enter and arrows between people, paste a column, Ctrl+Z.
"use strict";

(() => {
  document.body.classList.add("with-script");
  const sheet = () => document.querySelector("#sheet");
  const fields = () => [...document.querySelectorAll("[data-amount]")];
  const keep = () => window.htmx && window.htmx.trigger(sheet(), "keep");
  const dirty = (field) => field.value !== field.defaultValue;
  const step = (field, by) => {
    const all = fields();
    const next = all[all.indexOf(field) + by];
    if (next) { next.focus(); next.select(); }
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-amount], [data-reason]")) keep();
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      if (field.matches("input") && dirty(field)) return;
      const undo = document.querySelector("#undo");
      if (undo && !undo.disabled) { event.preventDefault(); undo.click(); }
      return;
    }
    if (!field.matches("[data-amount]")) return;
    const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); if (event.key === "Enter" && dirty(field)) { const all = fields(); if (!all[all.indexOf(field) + by]) keep(); } step(field, by); }
    if (event.key === "Escape" && dirty(field)) { field.value = field.defaultValue; }
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

  // What somebody types while an answer is on its way stays as they typed it.
  let typing = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const field = document.activeElement;
    typing = field && field.matches("[data-amount], [data-reason]")
      ? { id: field.id, value: dirty(field) && field.dataset.sent !== field.value ? field.value : null } : null;
  });
  document.addEventListener("htmx:beforeRequest", () => {
    fields().forEach((field) => { field.dataset.sent = field.value; });
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!typing) return;
    const field = document.getElementById(typing.id);
    if (field) {
      if (typing.value !== null) field.value = typing.value;
      if (document.activeElement !== field) field.focus();
      if (typing.value === null && field.select) field.select();
    }
    typing = null;
  });
})();
