/* The form of a fiscal assessment: its sums as one types. The server computes them again. */
"use strict";
{
  const SHARES = ["share_centre", "share_region", "share_league", "share_banner"];
  const container = document.querySelector(".desk-lines");
  const levels = container.dataset.levels.split("、");

  const grouped = (number) => number.toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const money = (yuan) => {
    const exact = `${grouped(yuan)}元`;
    for (const [unit, size] of [["亿元", 1e8], ["万元", 1e4]]) {
      if (Math.abs(yuan) >= size) return `${grouped(yuan / size)}${unit}（${exact}）`;
    }
    return exact;
  };
  const change = (yuan) => `比原来${yuan < 0 ? "减少" : "增加"} ${money(Math.abs(yuan))}`;
  const plain = (number) => String(Math.round(number * 100) / 100);

  const sums = (line) => {
    const value = (name) => {
      const box = line.querySelector(`[name$="-${name}"]`);
      return box.value === "" ? NaN : Number(box.value);
    };
    const people = value("beneficiaries") * value("periods");
    const shares = SHARES.map((name) => value(name) || 0);
    return {
      total: people * value("new_standard"),
      increment: people * (value("new_standard") - value("old_standard")),
      shares,
      percent: shares.reduce((sum, share) => sum + share, 0),
      removed: Boolean(line.querySelector('[name$="-DELETE"]:checked')),
    };
  };

  const show = () => {
    let total = 0;
    let increment = 0;
    const borne = levels.map(() => [0, 0]);
    for (const line of container.querySelectorAll(".desk-line")) {
      const sum = sums(line);
      const words = [];
      if (!Number.isNaN(sum.total)) words.push(`总额 ${money(sum.total)}`);
      if (!Number.isNaN(sum.increment)) words.push(change(sum.increment));
      const missing = Number(plain(100 - sum.percent));
      if (sum.percent) {
        words.push(`负担比例合计 ${plain(sum.percent)}%${missing ? `，${missing > 0 ? "还差" : "超出"} ${plain(Math.abs(missing))}%` : ""}`);
      }
      const place = line.querySelector(".desk-line-sums");
      place.textContent = sum.removed ? "这一行不计。" : words.join("；");
      place.classList.toggle("desk-fault", Boolean(sum.percent && missing && !sum.removed));
      if (sum.removed || Number.isNaN(sum.total)) continue;
      total += sum.total;
      increment += sum.increment || 0;
      sum.shares.forEach((share, at) => {
        borne[at][0] += (sum.total * share) / 100;
        borne[at][1] += ((sum.increment || 0) * share) / 100;
      });
    }
    const words = levels.flatMap((level, at) => (borne[at][0] ? [`${level} ${money(borne[at][0])}（${change(borne[at][1])}）`] : []));
    document.querySelector(".desk-lines-sums").textContent = total
      ? [`合计 ${money(total)}，${change(increment)}`, ...words].join("；")
      : "";
  };

  container.closest("form").addEventListener("input", show);
  show();
}
