// The computed columns of a partner's budget while one types; the server works them out again when it saves.
// By work package, each of them is a row that is rounded by itself (rulebook 2.4); otherwise the form is the one row.
const form = document.querySelector("form[data-budget]");

if (form) {
  const withIndirect = ["personnel", "travel", "equipment", "other_goods"];
  const direct = [...withIndirect, "subcontracting", "third_parties", "internal_invoices"];
  const euros = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });
  const efforts = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  const packages = [...form.querySelectorAll("[data-budget-package]")];
  const rows = packages.length ? packages : [form];
  const show = (name, text, where = form) => { where.querySelector(`[data-budget-${name}]`)?.replaceChildren(text); };

  // Only plain amounts are worked out here; for any other spelling the server's reading counts.
  const cents = (name, row = form) => {
    const field = row.querySelector(`[name="${name}"], [name$="_${name}"]`);
    const typed = (field?.value ?? "").replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
    return /^\d+(\.\d{1,2})?$/.test(typed) ? Math.round(Number(typed) * 100) : typed === "" ? 0 : NaN;
  };
  const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0);
  const all = (names, row = form) => sum(names.map((name) => cents(name, row)));

  const indirect = (row) => Math.floor((all(withIndirect, row) + 2) / 4);
  const total = (row) => all(direct, row) + indirect(row);
  const maximum = (row) => Math.floor((total(row) * Number(form.dataset.rate) + 5000) / 10000);
  const tenths = (row) => Math.round(cents("person_months", row) / 10);

  const work = () => {
    const totals = rows.map(total);
    const costs = sum(totals);
    const effort = sum(rows.map(tenths));
    if (!Number.isNaN(effort)) show("effort", efforts.format(effort / 10));
    if (Number.isNaN(costs)) return;
    packages.forEach((row, n) => show("row", euros.format(totals[n] / 100), row));
    show("indirect", euros.format(sum(rows.map(indirect)) / 100));
    show("total", euros.format(costs / 100));
    show("maximum", euros.format(sum(rows.map(maximum)) / 100));
    const own = costs - all(["requested", "income", "other_contributions"]);
    if (!Number.isNaN(own)) show("own", euros.format(own / 100));
  };
  form.addEventListener("input", work);
}
