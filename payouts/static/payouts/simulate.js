// Sliders beside the points of a curve: they write into the field next to them, which the form sends.
"use strict";

(() => {
  const plain = (text) => Number(text.trim().replace(",", "."));
  const field = (slider) => document.getElementById(slider.dataset.for);
  document.querySelectorAll("input[type=range][data-for]").forEach((slider) => {
    const now = plain(field(slider).value);
    if (!Number.isFinite(now)) return;
    if (now > Number(slider.max)) slider.max = String(Math.ceil(now * 1.5));
    slider.value = String(now);
    slider.hidden = false;
  });
  document.addEventListener("input", (event) => {
    const slider = event.target;
    if (slider.matches("input[type=range][data-for]")) { field(slider).value = slider.value; return; }
    const own = document.querySelector(`input[type=range][data-for="${CSS.escape(slider.id)}"]`);
    const now = plain(slider.value || "");
    if (own && Number.isFinite(now)) own.value = String(now);
  });
})();
