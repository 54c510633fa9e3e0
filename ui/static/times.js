// Moments.  <time data-moment> is rewritten in the reader's zone and language; <time data-ago> says how long ago it is,
// in the words of the page (workflow_engine/ui/showing/times.py has the same rule), and is kept current.  The exact
// moment, in both zones, is what hovering shows.  Without this script pages say the same in UTC, as of when they were
// made.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const LATEST_MS = 60000; // between two looks
const seen = new WeakSet(); // whose title is written

const locale = navigator.languages?.length ? [...navigator.languages] : undefined;
const short = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
const thisYear = new Intl.DateTimeFormat(locale, short);
const otherYear = new Intl.DateTimeFormat(locale, { ...short, year: "numeric" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });

export function distance(seconds) {
  const length = Math.abs(seconds);
  if (length < MINUTE) return seconds <= 0 ? "just now" : "in a moment";
  const [unit, name] = length < HOUR ? [MINUTE, "min"] : length < 2 * DAY ? [HOUR, "h"] : [DAY, "d"];
  const amount = `${Math.floor(length / unit).toLocaleString("en")} ${name}`;
  return seconds > 0 ? `in ${amount}` : `${amount} ago`;
}

// Milliseconds until the words of a moment that is so far away change.
function lasting(seconds) {
  const length = Math.abs(seconds);
  const unit = length < HOUR ? MINUTE : length < 2 * DAY ? HOUR : DAY;
  const over = length % unit;
  return Math.max(1, seconds > 0 ? over : unit - over) * 1000;
}

// What is written again is a change to the page: readers lose their selection, screen readers speak.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function write(element, now) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return LATEST_MS;
  if (!seen.has(element)) {
    seen.add(element);
    element.title = `${exact.format(at)}\n${element.title}`;
  }
  if (element.hasAttribute("data-ago")) {
    const seconds = (at.getTime() - now) / 1000;
    say(element, distance(seconds));
    return lasting(seconds);
  }
  const format = at.getFullYear() === new Date(now).getFullYear() ? thisYear : otherYear;
  say(element, format.format(at));
  return LATEST_MS;
}

let timer = 0;

export function refresh() {
  clearTimeout(timer);
  const now = Date.now();
  let next = LATEST_MS;
  for (const element of document.querySelectorAll("time[data-moment], time[data-ago]")) {
    next = Math.min(next, write(element, now));
  }
  if (!document.hidden) timer = setTimeout(refresh, next + 50);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
document.addEventListener("live:swapped", refresh);
refresh();
