// Opens a file beside the form, where the browser can show PDFs; without it the link to the file does.
for (const button of navigator.pdfViewerEnabled ? document.querySelectorAll("[data-beside]") : []) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    const place = document.getElementById(button.getAttribute("aria-controls"));
    place.replaceChildren();
    if (open) {
      const frame = document.createElement("iframe");
      frame.src = `${button.dataset.beside}#navpanes=0&view=FitH`; // as most viewers understand it
      frame.title = place.getAttribute("aria-label");
      place.append(frame);
    }
    place.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.closest("[data-reading]").toggleAttribute("data-open", open);
  });
}
