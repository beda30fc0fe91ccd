// Finds an organisation while its name is typed, and fills in what the register knows; all of it can be changed.
const PAUSE = 250;
const list = document.querySelector("datalist[data-organisations]");
const field = list && document.querySelector(`input[list="${list.id}"]`);

if (field) {
  const form = field.form;
  let [pause, found] = [0, []];

  const fill = (organisation) => {
    for (const [name, value] of Object.entries(organisation)) {
      const target = form.elements[name];
      if (!target || target === field) continue;
      if (target.type === "checkbox") target.checked = value;
      else target.value = value;
    }
    form.elements.pic.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const ask = async () => {
    const text = field.value.trim();
    if (text.length < 2) return;
    const address = `${list.dataset.organisations}?q=${encodeURIComponent(text)}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return;
    found = await answer.json();
    list.replaceChildren(...found.map((one) => new Option(`${one.city}, ${one.country} · PIC ${one.pic}`, one.name)));
  };

  field.addEventListener("input", () => {
    const chosen = found.filter((one) => one.name === field.value);
    if (chosen.length === 1) return fill(chosen[0]);
    clearTimeout(pause);
    pause = setTimeout(ask, PAUSE);
  });
}
