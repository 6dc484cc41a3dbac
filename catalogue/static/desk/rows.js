/* Further rows of a formset (data-formset: its prefix), from the template of the page. Without this script the page has one
   blank row. */
"use strict";
for (const container of document.querySelectorAll("[data-formset]")) {
  const prefix = container.dataset.formset;
  const count = document.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "＋ 再加一行";
  // The blank rows of the page, which need no script, come first.
  const blanks = () => container.querySelectorAll(":scope > details");
  const focus = (row) => row.querySelector("input:not([type=hidden]), select").focus();
  button.hidden = blanks().length > 0;
  for (const blank of blanks()) {
    blank.addEventListener("toggle", () => {
      const rows = [...blank.children].filter((child) => child.localName !== "summary");
      blank.replaceWith(...rows);
      button.hidden = blanks().length > 0;
      focus(rows[0]);
    });
  }
  button.addEventListener("click", () => {
    const markup = document.querySelector(`#${prefix}-template`).innerHTML.replaceAll("__prefix__", count.value);
    container.insertAdjacentHTML("beforeend", markup);
    count.value = Number(count.value) + 1;
    // As Django's own formsets tell: autocomplete boxes and quotes are made ready.
    const detail = { formsetName: prefix };
    container.lastElementChild.dispatchEvent(new CustomEvent("formset:added", { bubbles: true, detail }));
    focus(container.lastElementChild);
  });
  container.after(button);
}
