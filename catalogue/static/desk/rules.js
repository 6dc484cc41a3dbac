/* The rule editor: shows the allowed values of each row's fact, offers only its operators, and shows the result of
   “试一试” on the same page. Rules can be edited and saved without this script. */
"use strict";
{
  const tell = (select) => {
    const row = select.closest("tr, p");
    const chosen = select.selectedOptions[0];
    row.querySelector(".desk-rule-hint").textContent = chosen.dataset.hint ? `可填：${chosen.dataset.hint}` : "";
    const op = row.querySelector(".desk-rule-op");
    if (!op) return;
    const allowed = (chosen.dataset.ops || "").split(" ");
    for (const option of op.options) option.hidden = option.disabled = Boolean(option.value && chosen.value && !allowed.includes(option.value));
    if (op.selectedOptions[0] && op.selectedOptions[0].disabled) op.value = "";
    if (!op.value && chosen.value) op.value = allowed.includes("contains") ? "contains" : allowed.includes("gte") ? "gte" : "eq";
  };
  const ready = () => {
    for (const rule of document.querySelectorAll(".desk-rule")) {
      rule.querySelectorAll(".desk-rule-fact").forEach(tell);
      rule.addEventListener("change", (event) => {
        if (event.target.matches(".desk-rule-fact")) tell(event.target);
      });
      const button = rule.querySelector(".desk-rule-try button");
      const answer = rule.querySelector(".desk-rule-answer");
      button.addEventListener("click", async () => {
        answer.textContent = "正在判断……";
        try {
          const response = await fetch(rule.dataset.try, { method: "POST", body: new FormData(button.form) });
          const page = new DOMParser().parseFromString(await response.text(), "text/html");
          answer.replaceChildren(page.getElementById("tried") || "没有得到答复，请重新登录后再试。");
        } catch {
          answer.textContent = "没有得到答复，请检查网络后再试。";
        }
      });
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
}
