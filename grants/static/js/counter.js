// Characters or words left in a text, counted as the server does: code points after NFC, a line break is one.
const PAUSE = 400; // the words are read aloud, so they wait for a pause in typing

for (const box of document.querySelectorAll("[data-counter]")) {
  const words = document.getElementById(`${box.id}-counter`);
  const say = () => {
    const words_ = box.value.split(/\s+/).filter(Boolean).length;
    const used = box.dataset.unit === "words" ? words_ : [...box.value.normalize("NFC")].length;
    const left = Number(box.dataset.counter) - used;
    words.textContent = words.dataset[left < 0 ? "over" : "left"].replace("{}", Math.abs(left));
    words.classList.toggle("over", left < 0);
  };
  let pause;
  box.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(say, PAUSE);
  });
  say();
  words.setAttribute("role", "status");
}
