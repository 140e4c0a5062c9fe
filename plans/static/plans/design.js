// The designer under the keyboard: keep 600 ms after leaving a field, Enter and arrows between cells, Ctrl+Z.
"use strict";

(() => {
  document.body.classList.add("with-script");
  const form = () => document.querySelector("#designer");
  const cells = (field) => [...field.closest("table").querySelectorAll("[data-cell]")];
  const dirty = (field) => field.type !== "checkbox" && field.value !== field.defaultValue;
  let waiting = null;
  const keep = () => { clearTimeout(waiting); waiting = null; if (window.htmx) window.htmx.trigger(form(), "keep"); };
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(keep, 600); };

  document.addEventListener("change", (event) => {
    if (!event.target.matches("#designer [data-keep]")) return;
    if (event.target.type !== "checkbox" && event.target.dataset.sent === event.target.value) return;
    if (event.target.matches("select, [type=checkbox]")) keep(); else soon();
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      if (field.matches("input, textarea") && dirty(field)) return;
      const button = document.querySelector(event.shiftKey ? "#redo" : "#undo");
      if (button && !button.disabled) { event.preventDefault(); button.click(); }
      return;
    }
    if (!field.matches("[data-keep]")) return;
    if (event.key === "Enter" && !field.matches("textarea, select")) {
      event.preventDefault();
      keep();
    }
    if (!field.matches("[data-cell]")) return;
    const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = cells(field);
    const across = field.closest("tr").querySelectorAll("[data-cell]").length;
    const next = all[all.indexOf(field) + by * across];
    if (next) { next.focus(); next.select(); }
  });

  // What somebody types while an answer is on its way stays as they typed it, and is sent after it.
  const fields = () => [...document.querySelectorAll("#designer [data-keep]")];
  let focused = "";
  let late = [];
  document.addEventListener("htmx:beforeRequest", () => {
    fields().forEach((field) => { field.dataset.sent = field.value; });
  });
  document.addEventListener("htmx:beforeSwap", () => {
    const field = document.activeElement;
    focused = field && field.closest("#designer") ? field.id : "";
    late = fields()
      .filter((each) => each.type !== "checkbox" && each.dataset.sent !== undefined && each.dataset.sent !== each.value)
      .map((each) => ({ id: each.id, value: each.value }));
  });
  document.addEventListener("htmx:afterSettle", () => {
    late.forEach((each) => {
      const field = document.getElementById(each.id);
      if (field) field.value = each.value;
    });
    const field = focused && document.getElementById(focused);
    if (field) {
      if (document.activeElement !== field) field.focus({ preventScroll: true });
      if (field.matches("[data-cell]") && !late.some((each) => each.id === focused)) field.select();
    }
    if (late.some((each) => each.id !== focused)) soon();
    focused = "";
    late = [];
  });
})();
