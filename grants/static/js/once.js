// A form that must take effect once is sent once: its buttons rest until the answer is there.
const forms = document.querySelectorAll("form[data-once]");

const rest = (form, resting) => {
  for (const button of form.querySelectorAll("button")) button.disabled = resting;
};

for (const form of forms) {
  // Later, since a disabled button would not be among the values that are sent.
  form.addEventListener("submit", () => setTimeout(() => rest(form, true)));
}
// The way back in the browser shows the page as it was left.
addEventListener("pageshow", (event) => event.persisted && forms.forEach((form) => rest(form, false)));
