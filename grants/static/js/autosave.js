// Saves a section while one types. What cannot be sent stays in this browser, under the person, the page and the tab,
// until it is saved; it is offered back to the same person only.
const PAUSE = 1000; // after the last key
const AGAIN = 5000; // without a connection, or signed out
const LARGEST_LEAVING = 60000; // browsers let a closing page send no more than 64 KB
const OURS = new Set(["csrf_token", "version", "seen", "tab"]);

const form = document.querySelector("form[data-autosave]");
// The plain button leads to another page; only what that page confirms need not be kept any more.
for (const { content } of document.querySelectorAll('meta[name="typed-is-stored"]')) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("kept:") && key.endsWith(`:${content}`)) localStorage.removeItem(key);
  }
}

if (form) watch(form, form.querySelector("[data-save-state]"), form.querySelector("[data-found]"));

function watch(form, state, found) {
  const fields = form.elements;
  const prefix = `kept:${form.dataset.user}:${location.pathname}:`;
  const tab = [...crypto.getRandomValues(new Uint8Array(8))].map((n) => n.toString(16).padStart(2, "0")).join("");
  let holding = form.dataset.autosave === "hold";
  let [unsaved, busy, timer] = [false, false, 0];
  fields.tab.value = tab;

  const values = () => {
    const all = {};
    for (const [name, value] of new FormData(form)) if (!OURS.has(name)) (all[name] ??= []).push(value);
    return all;
  };
  const plain = (value) => JSON.stringify(value ?? []).replaceAll("\\r\\n", "\\n");

  const say = (word, detail = "") => {
    state.textContent = state.dataset[word].replace("{}", detail);
    state.dataset.now = word;
  };
  // In the zone of the page, as the server writes it.
  const shown = (moment, styles) =>
    new Intl.DateTimeFormat(document.documentElement.lang, { ...styles, hourCycle: "h23", timeZone: state.dataset.zone }).format(moment);

  const keep = () => {
    const text = { version: fields.version.value, seen: fields.seen.value, at: Date.now(), values: values() };
    try {
      localStorage.setItem(prefix + tab, JSON.stringify(text));
    } catch {
      // The browser keeps nothing for us; what is typed is still sent.
    }
  };

  const put = (wanted, names) => {
    for (const field of fields) {
      if (!field.name || OURS.has(field.name) || !names(field.name)) continue;
      const value = wanted[field.name] ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = value.includes(field.value);
      else field.value = value[0] ?? "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(send, pause);
  }

  async function send(leaving = false) {
    if (busy || !unsaved || holding) return;
    const before = values();
    [busy, unsaved] = [true, false];
    say("saving");
    let answer;
    try {
      const response = await fetch(location.pathname, {
        method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "manual",
        keepalive: leaving === true && JSON.stringify(before).length < LARGEST_LEAVING,
      });
      answer = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : await why(response);
    } catch {
      answer = { state: "offline" };
    }
    busy = false;
    take(answer, before);
  }

  // Not our answer: signed out, a form that is too old, no longer allowed, or a server in trouble.
  async function why(response) {
    if (response.type === "opaqueredirect") return { state: "signedOut" };
    if (response.status >= 500 || response.status === 429) return { state: "offline" };
    if (response.status !== 400) return { state: "refused" };
    const fresh = await fetch(location.pathname, { redirect: "manual" });
    if (!fresh.ok) return { state: fresh.type === "opaqueredirect" ? "signedOut" : "refused" };
    const theirs = new DOMParser().parseFromString(await fresh.text(), "text/html").querySelector("form[data-autosave]");
    if (theirs?.dataset.user !== form.dataset.user) return { state: "signedOut" }; // somebody else is here now
    fields.csrf_token.value = theirs.elements.csrf_token.value;
    return { state: "again" };
  }

  function take(answer, before) {
    if (answer.state === "saved") {
      fields.version.value = answer.version;
      fields.seen.value = JSON.stringify(answer.seen);
      const now = values();
      put(answer.theirs, (name) => name in answer.theirs && plain(now[name]) === plain(before[name]));
      say("saved", shown(Date.parse(answer.at), { timeStyle: "short" }));
    } else if (answer.state === "kept") {
      say("kept", answer.fields);
    } else if (answer.state === "invalid") {
      keep(); // the server keeps nothing of this form; it goes out again with the next key
      say(answer.state, answer.fields);
      if (unsaved) later(PAUSE);
      return;
    } else if (answer.state === "conflict" || answer.state === "refused") {
      holding = true;
      keep();
      say(answer.state);
      return;
    } else {
      unsaved = true;
      if (answer.state !== "again") say(answer.state);
      later(answer.state === "again" ? 0 : AGAIN);
      return;
    }
    if (unsaved) return later(PAUSE);
    localStorage.removeItem(prefix + tab);
    if (taken) offer();
  }

  form.addEventListener("input", (event) => {
    if (!event.isTrusted && busy) return; // what others saved was put in
    unsaved = true;
    keep();
    if (!holding && state.dataset.now !== "offline" && state.dataset.now !== "signedOut") say("typing");
    later(PAUSE);
  });
  form.addEventListener("submit", () => {
    holding = true;
    clearTimeout(timer);
    if (unsaved) keep();
  });
  addEventListener("online", () => later(0));
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send(true));
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  // Text of earlier visits, of this person, that never arrived: one after the other, so that none is lost with another.
  let [offered, taken] = [null, false];

  function offer() {
    taken = false;
    const now = values();
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(prefix) && name !== prefix + tab)) {
      const kept = JSON.parse(localStorage.getItem(key));
      const names = new Set([...Object.keys(now), ...Object.keys(kept.values)]);
      if ([...names].every((name) => name.startsWith("stands-") || plain(now[name]) === plain(kept.values[name]))) {
        localStorage.removeItem(key);
        continue;
      }
      offered = { key, kept };
      found.querySelector("time").textContent = shown(kept.at, { dateStyle: "long", timeStyle: "short" });
      break;
    }
    found.hidden = !offered;
  }

  // Once: either button is for the text that is offered now. The next is offered when this one is saved or dropped.
  found.querySelector("[data-take]").addEventListener("click", () => {
    const { key, kept } = offered;
    fields.version.value = kept.version;
    fields.seen.value = kept.seen;
    put(kept.values, (name) => !name.startsWith("stands-"));
    unsaved = true;
    keep();
    settle(key);
    taken = true;
    later(0);
  });
  found.querySelector("[data-drop]").addEventListener("click", () => {
    settle(offered.key);
    offer();
  });

  function settle(key) {
    localStorage.removeItem(key);
    offered = null;
    found.hidden = true;
  }

  offer();
}
