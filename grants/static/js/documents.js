// Waits for a document, an archive or proposed groups: asks for its state and loads the page again once it has ended.
const PAUSE = 2000;
const waiting = document.querySelector("[data-status]");

async function ask() {
  let state = { waits: true };
  try {
    const answer = await fetch(waiting.dataset.status, { headers: { Accept: "application/json" } });
    if (!answer.ok) return; // signed out, or no longer allowed: the page's own link says so
    state = await answer.json();
  } catch {
    // The network was away for a moment; the next question will tell.
  }
  if (!state.waits) {
    location.reload();
    return;
  }
  const bar = waiting.querySelector("[data-progress]");
  if (bar && state.total) {
    bar.value = state.ended;
    waiting.querySelector("[data-progress-text]").textContent = state.text;
  }
  setTimeout(ask, PAUSE);
}

if (waiting) setTimeout(ask, PAUSE);
