/* Says to a screen reader what Django's search-and-choose boxes (select2) are for: they are built by a script, beside
   the box that the page's label names, and carry no name of their own. */
"use strict";
{
  const name = (container) => {
    const select = container.previousElementSibling;
    const label = select && select.id && document.querySelector(`label[for="${select.id}"]`);
    const words = (label ? label.textContent : "选择").trim().replace(/[:：]$/, "");
    for (const box of container.querySelectorAll('[role="combobox"], [role="textbox"], .select2-search__field')) {
      box.setAttribute("aria-label", words);
    }
    // What was chosen is read with the box; as a list inside it, it would be none that a reader may enter.
    for (const item of container.querySelectorAll("ul.select2-selection__rendered, ul.select2-selection__rendered > li")) {
      item.setAttribute("role", "presentation");
    }
  };
  const every = () => document.querySelectorAll(".select2-container").forEach(name);
  new MutationObserver(every).observe(document.documentElement, { childList: true, subtree: true });
}
