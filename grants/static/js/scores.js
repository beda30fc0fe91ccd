// The total under a report follows the scores while they are chosen; without this the server shows it after saving.

const language = document.documentElement.lang || "en";
const points = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

for (const form of document.querySelectorAll("form[data-scores]")) {
  const line = form.querySelector("[data-total]");
  const scores = [...form.querySelectorAll('select[name^="score_"]')];
  const shares = line.dataset.shares.split(" ").map(Number); // what each criterion adds to the total
  const sign = Number(line.dataset.sign); // -1 where the lowest score is the best
  const show = () => {
    const complete = scores.every((score) => score.value !== "");
    const total = Math.round(scores.reduce((sum, score, place) => sum + Number(score.value) * shares[place], 0));
    line.querySelector("output").value = complete ? points.format(total / 100) : "–";
    line.querySelector("strong").hidden = !complete || total * sign >= Number(line.dataset.total) * sign;
  };
  form.addEventListener("change", show);
  form.addEventListener("input", show);
  show();

  // Beside each score: what it means, and whether it misses the threshold.
  const labels = [...form.querySelectorAll("[data-label-score]")];
  for (const score of scores) {
    const said = form.querySelector(`[data-said="${score.name}"]`);
    if (!said) continue;
    const follow = () => {
      const chosen = labels.find((label) => label.dataset.labelScore === score.value);
      said.querySelector("span").textContent = chosen ? chosen.nextElementSibling.textContent : "";
      const reached = Number(score.value) * sign >= Number(said.dataset.threshold) * sign;
      said.querySelector("strong").hidden = score.value === "" || reached;
    };
    score.addEventListener("change", follow);
    follow();
  }
}
