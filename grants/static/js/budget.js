// The computed columns of a partner's budget while one types; the server works them out again when it saves.
const form = document.querySelector("form[data-budget]");

if (form) {
  const withIndirect = ["personnel", "travel", "equipment", "other_goods"];
  const direct = [...withIndirect, "subcontracting", "third_parties", "internal_invoices"];
  const euros = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });
  const show = (name, cents) => { form.querySelector(`[data-budget-${name}]`).textContent = euros.format(cents / 100); };

  // Only plain amounts are worked out here; for any other spelling the server's reading counts.
  const cents = (name) => {
    const typed = form.elements[name].value.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
    return /^\d+(\.\d{1,2})?$/.test(typed) ? Math.round(Number(typed) * 100) : typed === "" ? 0 : NaN;
  };
  const sum = (names) => names.reduce((total, name) => total + cents(name), 0);

  const work = () => {
    const indirect = Math.floor((sum(withIndirect) + 2) / 4);
    const total = sum(direct) + indirect;
    if (Number.isNaN(total)) return;
    show("indirect", indirect);
    show("total", total);
    show("maximum", Math.floor((total * Number(form.dataset.rate) + 5000) / 10000));
    const own = total - sum(["requested", "income", "other_contributions"]);
    if (!Number.isNaN(own)) show("own", own);
  };
  form.addEventListener("input", work);
}
