// Forms made from schemas.  All of this is comfort: without it, every button asks the server, and the form works as well.
//
// - Rows of lists are added and removed on the spot, from the <template> that the server sent.
// - What is typed is kept on the server as a draft, a moment after the last key, so that a closed tab loses nothing.
// - Ctrl+Enter sends; Enter in a line decides nothing where there are several answers.
// - What is wrong is said beside the field before anything is sent.

const QUIET_MS = 800;
const BEACON_MAX = 60000; // browsers refuse larger bodies once the page is going

for (const form of document.querySelectorAll("form[data-form]")) enhance(form);

function enhance(form) {
  form.noValidate = true; // bubbles of the browser go away; what stands beside the field stays
  form.addEventListener("click", (event) => clicked(form, event));
  form.addEventListener("keydown", (event) => pressed(form, event));
  form.addEventListener("submit", (event) => sending(form, event));
  form.addEventListener("change", (event) => zoned(form, event.target));
  drafting(form);
}

// ---------------------------------------------------------------- rows

function clicked(form, event) {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("data-add") && added(form, button)) event.preventDefault();
  else if (button.hasAttribute("data-remove") && removed(button)) event.preventDefault();
  else return;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function added(form, button) {
  const rows = button.closest("[data-rows]");
  const template = rows?.querySelector(":scope > template");
  const list = rows?.querySelector(":scope > [data-list]");
  if (!template || !list) return false;
  const prefix = rows.dataset.rows;
  const numbers = [...list.children].map((row) => Number(row.querySelector(":scope > input[type=hidden]")?.value));
  const number = String(Math.max(-1, ...numbers.filter(Number.isFinite)) + 1);
  const part = template.content.cloneNode(true);
  renumber(part, prefix, rows.dataset.ids, number);
  const row = part.querySelector("[data-row]");
  row.querySelector(":scope > input[type=hidden]").value = number;
  list.append(part);
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  return true;
}

function renumber(part, prefix, ids, number) {
  const numbered = (text, start) => text.replace(`${start}*`, () => `${start}${number}`);
  for (const element of part.querySelectorAll("*")) {
    if (element.tagName === "TEMPLATE") renumber(element.content, prefix, ids, number);
    for (const { name, value } of [...element.attributes]) {
      if (name === "name" || name === "data-rows") element.setAttribute(name, numbered(value, prefix));
      else if (name === "value" && element.tagName === "BUTTON") element.setAttribute(name, numbered(value, prefix));
      else if (["id", "for", "list", "data-ids", "data-zone"].includes(name)) {
        element.setAttribute(name, numbered(value, ids));
      } else if (name === "aria-describedby") {
        element.setAttribute(name, value.split(" ").map((id) => numbered(id, ids)).join(" "));
      }
    }
  }
}

function removed(button) {
  const row = button.closest("[data-row]");
  const rows = row?.closest("[data-rows]");
  if (!row || !rows) return false;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("[data-remove]") ?? rows.querySelector(":scope > div > [name=_action]"))?.focus();
  return true;
}

// ---------------------------------------------------------------- keys

function pressed(form, event) {
  if (event.key !== "Enter" || event.isComposing) return;
  const primary = form.querySelector("[data-primary]");
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit(primary);
  } else if (event.target.matches("input:not([type=file])") && primary?.name) {
    event.preventDefault(); // with several answers, the reader has to choose one
  }
}

// ---------------------------------------------------------------- what is wrong

function sending(form, event) {
  const button = event.submitter;
  clearTimeout(form.draftTimer);
  if (!button?.hasAttribute("formnovalidate")) {
    const wrong = checked(form);
    if (wrong) {
      event.preventDefault();
      wrong.focus();
      return;
    }
  }
  form.leaving = true;
}

function checked(form) {
  for (const said of form.querySelectorAll("[data-said]")) said.remove();
  let first = null;
  const named = new Set();
  for (const control of form.elements) {
    if (!control.willValidate) continue;
    const sentence = control.validity.valid ? "" : sentenceOf(control);
    if (!sentence) continue;
    control.setAttribute("aria-invalid", "true");
    first ??= control;
    if (named.has(control.name)) continue; // radio buttons are one field
    named.add(control.name);
    const said = document.createElement("div");
    said.className = "error";
    said.dataset.said = "";
    said.append(Object.assign(document.createElement("p"), { textContent: sentence }));
    const field = control.closest(".form-field, .form-picks") ?? control.parentElement;
    field.querySelector(":scope > .error")?.remove();
    said.id = `${control.id || control.name}-error`;
    if (!(control.getAttribute("aria-describedby") ?? "").split(" ").includes(said.id)) {
      control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${said.id}`.trim());
    }
    field.append(said);
    control.addEventListener("input", () => mended(form, control, said), { once: true });
  }
  return first;
}

function mended(form, control, said) {
  for (const same of form.elements) if (same.name === control.name) same.removeAttribute("aria-invalid");
  said.remove();
}

function sentenceOf(control) {
  const { validity } = control;
  if (validity.valueMissing) {
    if (control.type === "radio") return "Choose one.";
    if (control.type === "file") return "Choose a file.";
    return control.tagName === "SELECT" ? "Choose one." : "Write something here.";
  }
  if (validity.tooShort) return `Write at least ${control.minLength} characters; these are ${control.value.length}.`;
  if (validity.typeMismatch && control.type === "email") {
    return "This is not an email address. Write one as name@example.com.";
  }
  if (validity.badInput) return control.validationMessage;
  return ""; // the server says it better
}

// ---------------------------------------------------------------- moments

// The offset of the reader's own clock at the day that was chosen, unless one was typed.
function zoned(form, control) {
  if (control.type !== "datetime-local" || !control.value) return;
  for (const zone of form.querySelectorAll("[data-zone]")) {
    if (zone.dataset.zone !== control.id || (zone.value && zone.value !== zone.dataset.own)) continue;
    const minutes = -new Date(control.value).getTimezoneOffset();
    if (!Number.isFinite(minutes)) continue;
    const size = Math.abs(minutes);
    const digits = (number) => String(number).padStart(2, "0");
    zone.value = `${minutes < 0 ? "-" : "+"}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
    zone.dataset.own = zone.value;
  }
}

// ---------------------------------------------------------------- drafts

function drafting(form) {
  const url = form.dataset.draft;
  let changed = false; // since the last draft that is kept
  let failed = false;
  const status = form.querySelector("[data-status]");
  const say = (text, wrong) => {
    if (!status) return;
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
  };

  form.addEventListener("input", () => {
    changed = true;
    form.classList.add("dirty");
    if (!url) return;
    clearTimeout(form.draftTimer);
    form.draftTimer = setTimeout(keep, QUIET_MS);
  });
  if (!url) return;

  async function keep() {
    const body = typed(form);
    changed = false;
    try {
      const answer = await fetch(url, { method: "POST", body, headers: token(form), credentials: "same-origin" });
      failed = !answer.ok;
    } catch {
      failed = true;
    }
    if (failed) changed = true;
    say(failed ? "Not saved as a draft: keep this page open until you have sent the form." : "Saved as a draft", failed);
  }

  function going() {
    if (!changed || form.leaving) return;
    clearTimeout(form.draftTimer);
    const body = typed(form);
    if (body.toString().length > BEACON_MAX) return;
    fetch(url, { method: "POST", body, headers: token(form), credentials: "same-origin", keepalive: true }).catch(() => {});
    changed = false;
  }

  addEventListener("pagehide", going);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && going());
  addEventListener("pageshow", () => (form.leaving = false));
  addEventListener("beforeunload", (event) => {
    const large = changed && typed(form).toString().length > BEACON_MAX;
    if (!form.leaving && (failed || large)) event.preventDefault();
  });
}

// All that is typed but files and passwords.
function typed(form) {
  const secret = new Set([...form.elements].filter((control) => control.type === "password").map((control) => control.name));
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !secret.has(name));
  return new URLSearchParams(fields);
}

function token(form) {
  const field = form.elements.namedItem("csrf_token");
  return field ? { "X-CSRF-Token": field.value } : {};
}
