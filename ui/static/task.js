// The page of a task: words of models as they come, logs that grow, and drawings that stay where they were scrolled to.

const SAID_MAX = 200000; // characters of an attempt that are kept
const NEAR = 40; // pixels from the end within which a reader follows it

const said = new Map(); // by run and attempt, the words since the page was loaded
const logs = new Map(); // by path, the text and position of a log that is followed
const scrolled = new Map(); // by id, how far a region was scrolled aside

function atEnd(element) {
  return element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
}

function append(element, text) {
  const follows = atEnd(element);
  element.append(text);
  if (follows) element.scrollTop = element.scrollHeight;
}

// ---- words of models

function key(run, attempt) {
  return `${run}#${attempt}`;
}

function words(pre) {
  // What a finished turn said is told above; what follows it begins anew.
  const found = said.get(key(pre.dataset.said, pre.dataset.attempt));
  if (found && found.turns !== pre.dataset.turns) {
    found.turns = pre.dataset.turns;
    found.text = "";
  }
  return found?.text ?? "";
}

document.addEventListener("live:said", ({ detail }) => {
  const name = key(detail.run, detail.attempt);
  const pre = [...document.querySelectorAll("pre[data-said]")].find((one) => key(one.dataset.said, one.dataset.attempt) === name);
  const before = said.get(name) ?? { text: "", turns: pre?.dataset.turns ?? "0" };
  before.text = (before.text + detail.text).slice(-SAID_MAX);
  said.set(name, before);
  if (pre) append(pre, detail.text);
});

// ---- logs

function follow(pre) {
  const { log: path, stream } = pre.dataset;
  const known = logs.get(path);
  if (known) {
    // The server may have sent more, or less, than came here: what reaches further counts.
    if (Number(pre.dataset.position) < known.position) {
      pre.textContent = known.text;
      pre.scrollTop = known.follows ? pre.scrollHeight : known.top;
    } else {
      known.position = Number(pre.dataset.position);
      known.text = pre.textContent;
      pre.scrollTop = pre.scrollHeight;
    }
    known.pre = pre;
    return;
  }
  pre.scrollTop = pre.scrollHeight;
  if (!stream) return;
  const state = { pre, text: pre.textContent, position: Number(pre.dataset.position), follows: true, top: 0 };
  logs.set(path, state);
  const source = new EventSource(stream);
  source.addEventListener("log", (message) => {
    const position = Number(message.lastEventId);
    if (position <= state.position) return;
    const text = JSON.parse(message.data);
    state.position = position;
    state.text += text;
    append(state.pre, text);
    state.follows = atEnd(state.pre);
    state.top = state.pre.scrollTop;
  });
  source.addEventListener("over", () => source.close());
  addEventListener("pagehide", () => source.close(), { once: true });
}

// ---- what the server sends again

function settle(root) {
  for (const pre of root.querySelectorAll("pre[data-said]")) {
    pre.textContent = words(pre);
    pre.scrollTop = pre.scrollHeight;
  }
  for (const pre of root.querySelectorAll("pre[data-log]")) follow(pre);
  const aside = scrolled.get(root.id);
  if (aside) root.scrollLeft = aside;
}

document.addEventListener("scroll", ({ target }) => {
  if (target instanceof Element && target.id && target.hasAttribute("data-region")) scrolled.set(target.id, target.scrollLeft);
}, { capture: true, passive: true });
document.addEventListener("live:swapped", ({ detail }) => settle(detail));
settle(document);

// ---- a large drawing begins where the task is

for (const graph of document.querySelectorAll(".graph")) {
  const node = graph.querySelector(".node:is(.in_progress, .waiting_human, .waiting_agent, .waiting_io, .failed)");
  if (!node) continue;
  const [inner, outer] = [node.getBoundingClientRect(), graph.getBoundingClientRect()];
  if (inner.bottom > outer.bottom) graph.scrollTop = inner.top - outer.top - graph.clientHeight / 2;
  if (inner.right > outer.right) graph.scrollLeft = inner.left - outer.left - graph.clientWidth / 2;
}

// ---- forms that show something else when something else is chosen

for (const form of document.querySelectorAll("form[data-submits]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
