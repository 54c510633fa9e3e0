// Live pages.  <main data-live="/stream..."> listens to server-sent events; when something has changed, the page is
// fetched again, and each element with an id and `data-region` takes the place of the one before where it differs.
// Elements in which somebody types, or which hold the focus or a selection, are left alone until they do not.
//
// Other modules listen to `live:event` and `live:said` on the document: the detail is the message.

const QUIET_MS = 400; // several events in a row are one look
const BETWEEN_MS = 1000; // and looks at a task are at least so far apart
const WHOLE_MS = 2000; // those at all tasks, where something happens all the time
const HIDDEN_MS = 30000; // in a tab that nobody sees
const AFTER_MS = 2500; // behind the last event, once more

// What holds something that is half done: a box that is ticked keeps its tick.
const TYPED = "textarea, select, input:not([type=checkbox], [type=radio])";

const main = document.querySelector("main[data-live]");
let timer = 0;
let lookedAt = 0;
let looking = false;
let after = 0;
let again = false;
const sources = new WeakMap(); // the HTML of each region as the server sent it: scripts and readers change it since

function busy(region) {
  if (region.hasAttribute("data-keep")) return true;
  const active = document.activeElement;
  if (active && active !== region && region.contains(active) && active.matches(TYPED)) return true;
  if (region.querySelector("form.dirty, dialog[open]")) return true;
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && region.contains(selection.anchorNode));
}

function opened(region) {
  return [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
}

function swap(region, fresh) {
  const html = fresh.outerHTML;
  if (sources.get(region) === html) return;
  const open = opened(region);
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const checked = [...region.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.value);
  const scrolled = region.scrollTop;
  region.replaceWith(fresh);
  sources.set(fresh, html);
  for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  for (const box of fresh.querySelectorAll("input[type=checkbox]")) if (checked.includes(box.value)) box.checked = true;
  fresh.scrollTop = scrolled;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("live:swapped", { detail: fresh }));
}

async function look() {
  timer = 0;
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html", "X-Live": "1" } });
    if (response.redirected || !response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const fresh of page.querySelectorAll("[data-region][id]")) {
      const region = document.getElementById(fresh.id);
      if (region && !busy(region)) swap(region, fresh);
    }
  } catch {
    // the server is away for a moment; the stream says when it is back
  } finally {
    looking = false;
    lookedAt = Date.now();
    if (again) {
      again = false;
      soon();
    }
  }
}

// The index may be a moment behind the event, so what the last event has changed is looked at twice.
function told() {
  soon();
  clearTimeout(after);
  after = setTimeout(soon, AFTER_MS);
}

export function soon() {
  if (timer) return;
  const pause = document.hidden ? HIDDEN_MS : main.dataset.live.includes("/tasks/") ? BETWEEN_MS : WHOLE_MS;
  timer = setTimeout(look, Math.max(QUIET_MS, lookedAt + pause - Date.now()));
}

function tell(name, message) {
  document.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(message.data) }));
}

function listen(url) {
  const source = new EventSource(url);
  let was = true;
  source.addEventListener("event", (message) => {
    tell("live:event", message);
    told();
  });
  source.addEventListener("pulse", told);
  source.addEventListener("reset", told);
  source.addEventListener("said", (message) => tell("live:said", message));
  source.addEventListener("open", () => {
    document.documentElement.classList.remove("offline");
    if (!was) soon();
    was = true;
    // The page may have been made a moment before the index knew of what happened before this stream was open.
    clearTimeout(after);
    after = setTimeout(soon, AFTER_MS);
  });
  source.addEventListener("error", () => {
    was = false;
    document.documentElement.classList.add("offline");
    // A refusal ends an EventSource for good: try again later.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(url), 5000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

if (main) {
  for (const region of document.querySelectorAll("[data-region][id]")) sources.set(region, region.outerHTML);
  listen(main.dataset.live);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    clearTimeout(timer);
    timer = 0;
    soon();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  document.addEventListener("input", (event) => event.target.closest?.("form")?.classList.add("dirty"));
}
