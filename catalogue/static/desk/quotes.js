/* Compares a quote with the full text of its document while one types (data-quotes: where to ask). The server checks again
   when the proposal is submitted. */
"use strict";
{
  // Milliseconds after the last key press.
  const DELAY = 600;
  const form = document.querySelector("form[data-quotes]");

  const watch = (quote, source) => {
    const place = document.createElement("p");
    place.className = "desk-note";
    place.setAttribute("role", "status");
    quote.after(place);
    let timer = 0;
    let asked = 0;
    const show = (answer) => {
      place.textContent = answer.message;
      place.classList.toggle("desk-fault", answer.found === false);
    };
    const ask = async () => {
      const number = (asked += 1);
      if (!source.value || !quote.value.trim()) return show({ message: "" });
      const body = new URLSearchParams({
        csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value, source: source.value, quote: quote.value,
      });
      let answer = { message: "" };
      try {
        const response = await fetch(form.dataset.quotes, { method: "POST", body });
        if (response.ok && !response.redirected) answer = await response.json();
      } catch {
        // Without an answer nothing is said.
      }
      if (number === asked) show(answer);
    };
    const changed = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, DELAY);
    };
    quote.addEventListener("input", changed);
    // Django's autocomplete boxes tell only jQuery of a change.
    if (window.django && window.django.jQuery) window.django.jQuery(source).on("change", changed);
    else source.addEventListener("change", changed);
  };

  const watchIn = (part) => {
    for (const quote of part.querySelectorAll('textarea[name$="quote"]')) {
      const source = form.querySelector(`select[name="${quote.name.replace(/quote$/, "source")}"]`);
      if (source) watch(quote, source);
    }
  };
  watchIn(form);
  form.addEventListener("formset:added", (event) => watchIn(event.target));
}
