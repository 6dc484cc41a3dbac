/* Labels Django's autocomplete fields (select2) for screen readers: select2 builds its own elements beside the labelled
   <select> and gives them no accessible name. */
"use strict";
{
  const name = (container) => {
    const select = container.previousElementSibling;
    const label = select && select.id && document.querySelector(`label[for="${select.id}"]`);
    const words = (label ? label.textContent : "选择").trim().replace(/[:：]$/, "");
    for (const box of container.querySelectorAll('[role="combobox"], [role="textbox"], .select2-search__field')) {
      box.setAttribute("aria-label", words);
    }
    // The selection is read as part of the combobox; a nested list role would be invalid there.
    for (const item of container.querySelectorAll("ul.select2-selection__rendered, ul.select2-selection__rendered > li")) {
      item.setAttribute("role", "presentation");
    }
  };
  const every = () => document.querySelectorAll(".select2-container").forEach(name);
  new MutationObserver(every).observe(document.documentElement, { childList: true, subtree: true });
}
/* Below 1024 px the sidebar is folded until one unfolds it; the admin's script reads this after the page. */
{
  const key = "django.admin.navSidebarIsOpen";
  const narrow = window.matchMedia("(max-width: 1023px)");
  if (narrow.matches && localStorage.getItem(key) === null) localStorage.setItem(key, "false");
  narrow.addEventListener("change", () => {
    const isOpen = document.getElementById("main").classList.contains("shifted");
    if (isOpen === narrow.matches) document.getElementById("toggle-nav-sidebar")?.click();
  });
}
