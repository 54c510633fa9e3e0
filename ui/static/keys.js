// The keyboard: `g` and a letter for a page, `/` for the search, `j` and `k` in lists, `?` for this list.

const PAGES = [...document.querySelectorAll("a[data-key]")];
const WORDS = [
  ["g and a letter", `go to ${PAGES.map((tab) => `${tab.dataset.key}: ${tab.firstChild.textContent.trim()}`).join(", ")}`],
  ["/", "search tasks"],
  ["j, k", "next, previous in a list"],
  ["Enter", "open what is marked"],
  ["x", "select what is marked"],
  ["Ctrl Enter", "send the form"],
  ["?", "this list"],
];
let leading = 0; // until when a `g` counts

function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((row) => row.getClientRects().length > 0);
}

function marked() {
  return document.querySelector("[data-row].marked");
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const before = all.indexOf(marked());
  const at = before < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, before + step));
  all[before]?.classList.remove("marked");
  all[at].classList.add("marked");
  all[at].scrollIntoView({ block: "nearest" });
  (all[at].matches("a") ? all[at] : all[at].querySelector("a"))?.focus({ preventScroll: true });
}

function help() {
  let dialog = document.getElementById("keys");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.id = "keys";
    dialog.className = "dialog";
    const title = document.createElement("h2");
    title.textContent = "Keyboard";
    const list = document.createElement("dl");
    for (const [keys, what] of WORDS) {
      const term = document.createElement("dt");
      const key = document.createElement("kbd");
      key.textContent = keys;
      term.append(key);
      const meaning = document.createElement("dd");
      meaning.textContent = what;
      list.append(term, meaning);
    }
    const form = document.createElement("form");
    form.method = "dialog";
    const close = document.createElement("button");
    close.textContent = "Close";
    form.append(close);
    dialog.append(title, list, form);
    document.body.append(dialog);
  }
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  if (Date.now() < leading) {
    leading = 0;
    const tab = PAGES.find((one) => one.dataset.key === event.key);
    if (tab) tab.click();
    return;
  }
  const actions = {
    g: () => (leading = Date.now() + 1500),
    "/": () => document.querySelector(".search input")?.focus(),
    "?": help,
    j: () => move(1),
    k: () => move(-1),
    x: () => marked()?.querySelector("input[type=checkbox]")?.click(),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const button = document.querySelector("[data-keys]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", help);
}

// A menu closes when something else is done.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
