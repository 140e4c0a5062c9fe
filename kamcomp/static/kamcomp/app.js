// What every page does beyond its links and forms. Without it everything still works.
"use strict";

(() => {
  document.documentElement.classList.add("js");
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

  // One-letter keys, off while somebody types, and switched off by data-keys="off" on the body.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.body.dataset.keys === "off") return;
    if (event.key === "/") {
      const search = document.querySelector("#search, #find");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
    if (event.key === "?") {
      const help = document.querySelector("#help");
      if (help && help.togglePopover) { event.preventDefault(); help.togglePopover(); }
    }
  });

  // A list that filters as one chooses; the button is for those without this.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-at-once]");
    if (form && event.target.matches("select, [type=checkbox], [type=date]")) form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-all]");
    if (opener) {
      const all = [...document.querySelectorAll(opener.dataset.openAll)];
      const open = all.some((details) => !details.open);
      all.forEach((details) => { details.open = open; });
      opener.setAttribute("aria-pressed", String(open));
    }
    if (event.target.closest("[data-print]")) window.print();
    const close = event.target.closest("[data-close]");
    if (close) close.closest(close.dataset.close).remove();
    const shut = event.target.closest("dialog [data-shut]");
    if (shut) { event.preventDefault(); shut.closest("dialog").close(); }
  });

  // What was said leaves after ten seconds, but not while somebody is at it.
  document.querySelectorAll(".toast:not(.error)").forEach((toast) => {
    const leave = () => {
      if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000); else toast.remove();
    };
    setTimeout(leave, 10000);
  });

  // Printing shows what is folded away.
  const folded = new Set();
  window.addEventListener("beforeprint", () => document.querySelectorAll("main details:not([open])").forEach((details) => {
    folded.add(details); details.open = true;
  }));
  window.addEventListener("afterprint", () => { folded.forEach((details) => { details.open = false; }); folded.clear(); });

  // A page nobody looks at does not ask; a question that failed is said, never swallowed.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.hasAttribute("data-only-seen")) event.preventDefault();
    else document.body.classList.add("is-swapping");
  });
  document.addEventListener("htmx:afterRequest", () => document.body.classList.remove("is-swapping"));
  const failed = (event) => {
    const place = document.querySelector("#trouble");
    const answer = event.detail.xhr;
    if (!place) return;
    place.hidden = false;
    const reference = answer && answer.getResponseHeader && answer.getResponseHeader("X-Request-ID");
    place.querySelector("[data-reference]").textContent = reference || "-";
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:afterSwap", (event) => {
    // What was fetched for the dialog is shown in it; without scripts the same form is a page.
    const dialog = event.detail.target.closest("dialog");
    if (dialog && !dialog.open) dialog.showModal();
    const titled = document.querySelector("[data-page-title]");
    if (titled) document.title = titled.dataset.pageTitle;
  });
})();
