/* Forms of a proposal (data-autosave) are sent to the server while one types; before leaving a page with input that is
   not saved, the browser asks. Nothing is stored in the browser. */
"use strict";
{
  // Milliseconds after the last key press.
  const DELAY = 3000;
  // Browsers refuse to send more than 64 KiB after a page is left.
  const MAX_KEEPALIVE = 60000;
  let leaving = false;
  const watched = [];

  // Files are sent with the form alone, the person that a rule is tried on only to try it.
  const isKept = ([name, value]) => typeof value === "string" && !name.includes("-try-");
  const input = (form) => new URLSearchParams([...new FormData(form)].filter(isKept));
  const post = (form, keepalive) => {
    const body = input(form);
    body.append("_autosave", "1");
    return fetch(location.href, { method: "POST", body, keepalive: keepalive && body.toString().length < MAX_KEEPALIVE });
  };
  // After a new login in another tab the page's token is no longer valid: take the new one from the page's address.
  const renew = async (form) => {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const token = page.querySelector("form[data-autosave] [name=csrfmiddlewaretoken]");
    if (token) form.elements.csrfmiddlewaretoken.value = token.value;
    return Boolean(token);
  };
  const send = async (form, keepalive) => {
    let response = await post(form, keepalive);
    if (response.status === 403 && (await renew(form))) response = await post(form, keepalive);
    const isAnswer = (response.headers.get("Content-Type") || "").startsWith("application/json");
    if (!isAnswer) return { message: "没有自动保存：请在另一个标签页重新登录，再回到这里继续；这一页的内容还在。" };
    return { ...(await response.json()), saved: response.ok };
  };

  const watch = (form) => {
    const state = { dirty: false };
    watched.push(state);
    const autosaves = form.hasAttribute("data-autosave");
    let timer = 0;
    let sending = null;
    const say = (words) => (form.querySelector(".desk-saved").textContent = words);
    const save = (keepalive = false) => {
      clearTimeout(timer);
      if (!autosaves || !state.dirty || sending || leaving) return;
      state.dirty = false;
      sending = send(form, keepalive)
        .catch(() => ({ message: "没有自动保存：连不上服务器。" }))
        .then((answer) => {
          sending = null;
          if (answer.saved) for (const box of document.querySelectorAll("[name=typed]")) box.value = answer.revision;
          if (answer.saved && state.dirty) save();
          else say(answer.message);
          if (!answer.saved) state.dirty = true;
        });
    };
    const changed = (event) => {
      // Trying a rule on a person is no input.
      if (!event.target.name || event.target.closest(".desk-rule-try")) return;
      state.dirty = true;
      if (!autosaves) return;
      say("");
      clearTimeout(timer);
      timer = setTimeout(save, DELAY);
    };
    form.addEventListener("input", changed);
    // Django's autocomplete boxes tell only jQuery of a change.
    if (window.django && window.django.jQuery) window.django.jQuery(form).on("change", changed);
    else form.addEventListener("change", changed);
    form.addEventListener("focusout", () => save());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && save(true));
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (!sending) {
        leaving = true;
        return;
      }
      // So that what is sent now does not arrive after the form itself.
      event.preventDefault();
      sending.then(() => form.requestSubmit(event.submitter));
    });
  };

  for (const form of document.querySelectorAll("#content form")) if (form.method === "post") watch(form);
  window.addEventListener("beforeunload", (event) => {
    // A chosen file is sent with its form alone.
    const files = [...document.querySelectorAll("#content form[method=post] [type=file]")].some((box) => box.files.length);
    if (!leaving && (files || watched.some((state) => state.dirty))) event.preventDefault();
  });
  window.addEventListener("pageshow", () => (leaving = false));
}
