// The sheet under the keyboard: Enter and arrows between cells, and a block pasted from the cell one stands in.
"use strict";

(() => {
  const grid = () => [...document.querySelectorAll(".matrix.fill tbody tr")].map((row) => [...row.querySelectorAll("[data-cell]")]);
  const place = (cells, field) => {
    const row = cells.findIndex((line) => line.includes(field));
    return [row, row < 0 ? -1 : cells[row].indexOf(field)];
  };
  const mark = (field) => field.closest("td").classList.toggle("changed", field.value !== field.defaultValue);

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches("[data-cell]")) return;
    const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      const cells = grid();
      const [row, column] = place(cells, field);
      const next = cells[row + by] && cells[row + by][column];
      if (next) { next.focus(); next.select(); }
    }
    if (event.key === "Escape") { field.value = field.defaultValue; mark(field); }
  });

  document.addEventListener("input", (event) => { if (event.target.matches("[data-cell]")) mark(event.target); });

  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!field.matches("[data-cell]")) return;
    const lines = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
    if (lines.length < 2 && lines[0].length < 2) return;
    event.preventDefault();
    const cells = grid();
    const [row, column] = place(cells, field);
    lines.forEach((line, down) => line.forEach((text, right) => {
      const cell = cells[row + down] && cells[row + down][column + right];
      if (cell && text.trim()) { cell.value = text.trim(); mark(cell); }
    }));
  });
})();
