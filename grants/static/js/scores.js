// The total under a report follows the scores while they are chosen; without this the server shows it after saving.

const language = document.documentElement.lang || "en";
const points = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

for (const form of document.querySelectorAll("form[data-scores]")) {
  const line = form.querySelector("[data-total]");
  const scores = [...form.querySelectorAll('select[name^="score_"]')];
  const show = () => {
    const complete = scores.every((score) => score.value !== "");
    const total = scores.reduce((sum, score) => sum + Number(score.value), 0);
    line.querySelector("output").value = complete ? points.format(total / 100) : "–";
    line.querySelector("strong").hidden = !complete || total >= Number(line.dataset.total);
  };
  form.addEventListener("change", show);
  show();

  // Hours of work may be on this page: the browser asks before it is left unsaved.
  let unsaved = false;
  form.addEventListener("input", () => (unsaved = true));
  form.addEventListener("submit", () => (unsaved = false));
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}
