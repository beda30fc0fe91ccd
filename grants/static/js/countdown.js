// The server's clock in the footer, and what is left until a deadline by that clock, whatever the computer's clock says.
const language = document.documentElement.lang || "en";
const stamped = Date.parse(document.querySelector('meta[name="server-now"]')?.content);
const arrived = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
const ahead = stamped - arrived;

const amount = (number, unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(number);

// Rounded down, like the server's own words: nobody is told that there is more time than there is.
function left(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return amount(Math.floor(hours / 24), "day");
  if (hours) return `${amount(hours, "hour")}, ${amount(minutes % 60, "minute")}`;
  if (minutes) return `${amount(minutes, "minute")}, ${amount(seconds % 60, "second")}`;
  return amount(seconds, "second");
}

function tick() {
  const now = Date.now() + ahead;
  for (const clock of document.querySelectorAll("[data-clock]")) {
    const timeZone = clock.dataset.clock;
    clock.textContent = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" }).format(now);
  }
  for (const span of document.querySelectorAll("[data-countdown]")) {
    const seconds = Math.floor((Date.parse(span.dataset.countdown) - now) / 1000);
    span.textContent = seconds < 0 ? span.dataset.passed : span.dataset.left.replace("{}", left(seconds));
  }
  setTimeout(tick, 1000 - (now % 1000));
}

if (!Number.isNaN(ahead)) tick();
