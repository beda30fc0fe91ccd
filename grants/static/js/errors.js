// After a form came back with problems, reading starts at the list of them.
document.querySelector("[data-error-summary]")?.focus();
