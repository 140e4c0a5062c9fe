// The designer: keep 600 ms after leaving a field, Enter and arrows between cells, Ctrl+Z, points that are dragged, and
// the cost of the last locked periods with what is typed, before it is kept.
"use strict";

(() => {
  document.body.classList.add("with-script");
  const form = () => document.querySelector("#designer");
  const cells = (field) => [...field.closest("table").querySelectorAll("[data-cell]")];
  const dirty = (field) => field.type !== "checkbox" && field.value !== field.defaultValue;
  let waiting = null;
  const keep = () => { clearTimeout(waiting); waiting = null; costs(); if (window.htmx) window.htmx.trigger(form(), "keep"); };
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
  const ofCosts = (event) => event.detail.requestConfig && event.detail.requestConfig.elt.id === "past-figures";
  let focused = "";
  let late = [];
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (ofCosts(event)) return;
    fields().forEach((field) => { field.dataset.sent = field.value; });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (ofCosts(event)) return;
    const field = document.activeElement;
    focused = field && field.closest("#designer") ? field.id : "";
    late = fields()
      .filter((each) => each.type !== "checkbox" && each.dataset.sent !== undefined && each.dataset.sent !== each.value)
      .map((each) => ({ id: each.id, value: each.value }));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (ofCosts(event)) return;
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

  // What the last periods would have cost is asked for with the figures that are typed: every question takes those that
  // stand there when it is sent, also that after an answer, so that what is shown is never of fewer than were typed.
  const PAUSE = 250; // milliseconds without a key until what is typed is asked about
  let pausing = null, asked = "";
  const isFigure = (field) => /^(set|point):/.test(field.name) && field.matches("[inputmode=decimal], [data-figure]");
  const typed = () => {
    const said = {};
    fields().filter((field) => isFigure(field) && dirty(field)).forEach((field) => {
      const [whole, figure] = field.name.split("#");
      const point = field.name.startsWith("point:") ? field.name.slice(0, field.name.lastIndexOf(":")) : "";
      const names = point ? ["x", "payout", "before"].map((part) => `${point}:${part}`) : figure ? [whole, field.name] : [whole];
      names.forEach((name) => {
        const one = document.getElementsByName(name)[0];
        if (one) said[name] = one.value;
      });
    });
    return said;
  };
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id !== "past-figures") return;
    const said = typed();
    asked = JSON.stringify(said);
    Object.entries(said).forEach(([name, value]) => { event.detail.parameters[name] = value; });
  });
  const costs = () => {
    if (window.htmx && JSON.stringify(typed()) !== asked) window.htmx.trigger(document.body, "draft-changed");
  };
  document.addEventListener("input", (event) => {
    if (!event.target.matches("#designer [data-keep]") || !isFigure(event.target)) return;
    clearTimeout(pausing);
    pausing = setTimeout(costs, PAUSE);
  });

  // A point of the curve is dragged: it writes into its two fields of the table, which are kept when it is let go.
  const rounded = (value, step) => Math.round(value / step) * step;
  const written = (value, step) => {
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const text = Number(value.toFixed(digits)).toString();
    return document.documentElement.lang.startsWith("de") ? text.replace(".", ",") : text;
  };
  const NUDGE = 3; // pixels within which a hand did not mean to move in that direction
  let held = null;
  // Figures that change with every pixel are read out once the point is let go.
  const busy = (is) => { const place = document.getElementById("past-figures"); if (place) place.setAttribute("aria-busy", is); };
  const begun = (grip) => {
    const svg = grip.ownerSVGElement, all = [...svg.querySelectorAll(".curve-grip")], at = all.indexOf(grip);
    const number = (name) => Number(svg.dataset[name]);
    const [low, high, most, left, right, top, ground] =
      ["low", "high", "most", "left", "right", "top", "ground"].map(number);
    const result = document.getElementById(grip.dataset.result), pays = document.getElementById(grip.dataset.pays);
    if (!result || !pays) return null;
    const unit = "share" in grip.dataset ? 100 : 1;
    const step = unit === 100 ? 1 : 10 ** Math.floor(Math.log10((high - low) / 50));
    const across = (px) => (low + ((px - left) / (right - left)) * (high - low)) * unit;
    const neighbour = (by) => (all[at + by] ? across(Number(all[at + by].getAttribute("cx"))) : null);
    return {
      svg, grip, result, pays, step, was: [result.value, pays.value], first: at === 0, last: at === all.length - 1,
      from: [grip.getAttribute("cx"), grip.getAttribute("cy")], dot: svg.querySelectorAll(".curve-dot")[at],
      line: svg.querySelector(".curve-line"), drawn: svg.querySelector(".curve-line").getAttribute("d"),
      least: neighbour(-1) === null ? low * unit : neighbour(-1) + step, most: neighbour(1) === null ? high * unit : neighbour(1) - step,
      across, up: (px) => ((ground - px) / (ground - top)) * most * 100,
      x: (value) => left + ((value / unit - low) / (high - low)) * (right - left),
      y: (value) => ground - (value / 100 / most) * (ground - top),
    };
  };
  const placed = (one, x, y) => {
    [one.grip, one.dot].forEach((circle) => { circle.setAttribute("cx", x); circle.setAttribute("cy", y); });
    const [fromX, fromY] = one.from;
    const moved = one.drawn.replace(/([ML])([-\d.]+) ([-\d.]+)/g, (whole, letter, px, py) => {
      if (px === fromX) return `${letter}${x} ${py === fromY ? y : py}`;
      const flat = py === fromY && ((one.last && Number(px) > Number(fromX)) || (one.first && Number(px) < Number(fromX)));
      return flat ? `${letter}${px} ${y}` : whole;
    });
    one.line.setAttribute("d", moved);
  };
  const dropped = (cancel) => {
    const one = held;
    held = null;
    if (!one) return;
    busy(false);
    one.grip.classList.remove("is-held");
    if (cancel) { [one.result.value, one.pays.value] = one.was; placed(one, ...one.from); costs(); return; }
    if (one.result.value !== one.was[0] || one.pays.value !== one.was[1]) keep(); else costs();
  };
  document.addEventListener("pointerdown", (event) => {
    if (event.button || !event.target.matches(".curve-grip")) return;
    held = begun(event.target);
    if (!held) return;
    held.start = [event.clientX, event.clientY];
    event.preventDefault();
    event.target.setPointerCapture(event.pointerId);
    event.target.classList.add("is-held");
    busy(true);
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(held.svg.getScreenCTM().inverse());
    const result = rounded(Math.min(Math.max(held.across(point.x), held.least), held.most), held.step);
    const pays = Math.max(0, Math.round(held.up(point.y)));
    const stays = [event.clientX - held.start[0], event.clientY - held.start[1]].map((by) => Math.abs(by) < NUDGE);
    held.result.value = stays[0] ? held.was[0] : written(result, held.step);
    held.pays.value = stays[1] ? held.was[1] : written(pays, 1);
    placed(
      held, stays[0] ? held.from[0] : held.x(result).toFixed(1), stays[1] ? held.from[1] : held.y(pays).toFixed(1),
    );
    costs();
  });
  document.addEventListener("pointerup", () => dropped(false));
  document.addEventListener("pointercancel", () => dropped(true));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && held) dropped(true); });
})();
