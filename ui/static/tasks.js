// The list of tasks.  All of this is comfort: without it, every filter and every action works as well.
//
// - A filter that is chosen from a list is applied at once.
// - "All on this page", ranges with Shift, and how many are selected.
// - What is marked with j and k stays marked when the list changes.

const bulk = document.querySelector("form[data-bulk]");
const filters = document.querySelector("form[data-filters]");

filters?.addEventListener("change", (event) => {
  if (event.target.matches("select")) filters.requestSubmit();
});

// What is empty need not be in the address.
filters?.addEventListener("submit", () => {
  for (const field of filters.elements) if (field.name && !field.value) field.disabled = true;
});
addEventListener("pageshow", () => {
  for (const field of filters?.elements ?? []) field.disabled = false;
});

document.querySelector("[data-live-word]")?.removeAttribute("hidden");

// On a phone the list comes first, unless a filter is in force.
const fold = document.querySelector("[data-fold]");
if (fold && matchMedia("(max-width: 720px)").matches && !fold.hasAttribute("data-active")) {
  fold.open = fold.querySelector("[aria-invalid]") !== null;
}

if (bulk) {
  const page = bulk.querySelector("[data-page]");
  const every = page.querySelector("input");
  const all = bulk.querySelector("[data-all]");
  const count = bulk.querySelector("[data-count]");
  let last = null; // the value of the box that was changed last: where a range begins
  let shift = false;

  const boxes = () => [...document.querySelectorAll("#list input[name=task]")];

  const tell = () => {
    const listed = boxes();
    const selected = listed.filter((box) => box.checked).length;
    every.checked = selected > 0 && selected === listed.length;
    every.indeterminate = selected > 0 && selected < listed.length;
    every.disabled = listed.length === 0;
    const text = all.checked ? "All that match are selected" : selected ? `${selected} selected` : "";
    if (count.textContent !== text) count.textContent = text;
    for (const button of bulk.querySelectorAll("button[name=action]")) button.disabled = !all.checked && !selected;
  };

  page.hidden = false;
  every.addEventListener("change", () => {
    for (const box of boxes()) box.checked = every.checked;
    tell();
  });
  all.addEventListener("change", tell);
  document.addEventListener("click", (event) => (shift = event.shiftKey), true);
  document.addEventListener("change", (event) => {
    if (!event.target.matches("#list input[name=task]")) return;
    const listed = boxes();
    const from = listed.findIndex((box) => box.value === last);
    const to = listed.indexOf(event.target);
    if (shift && from >= 0) {
      for (const box of listed.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = event.target.checked;
    }
    last = event.target.value;
    tell();
  });
  document.addEventListener("live:swapped", tell);
  addEventListener("pageshow", tell);
  tell();
}

document.addEventListener("live:swapped", (event) => {
  if (event.detail.id !== "list") return;
  const row = document.activeElement?.closest("[data-row]");
  if (row && row.querySelector("a") === document.activeElement) row.classList.add("marked");
});
