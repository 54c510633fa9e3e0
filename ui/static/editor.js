// The editor of workflow files.  Without this, "Check" asks the server and the form works as well.
//
// - Lines have numbers; those with something to be said about are marked.
// - A moment after the last key the server looks at the text, draws it, and keeps it as a draft.
// - Tab indents, Enter keeps the indentation, Escape leaves the text; Ctrl+S saves.

const QUIET_MS = 400;
const INDENT = "  ";
const BREAK = /\r\n|[\n\r\x85\u2028\u2029]/g; // what the server counts as the end of a line

const form = document.querySelector("form[data-editor]");
if (form) edit(form);

function edit(form) {
  const text = form.elements.namedItem("text");
  const gutter = gutterOf(form.querySelector("[data-gutter]"), text);
  const list = form.querySelector("[data-problems]");
  let timer = 0;
  let asked = 0; // number of the last request: what comes late is not shown
  let keeping = Promise.resolve();
  let changed = false;
  let leaving = false;

  form.querySelector("[data-keys-hint]").hidden = false;
  gutter.mark(marksOf(list, text.value));
  list.addEventListener("click", (event) => {
    const problem = event.target.closest("[data-line]");
    if (!problem) return;
    event.preventDefault();
    goTo(text, Number(problem.dataset.line), Number(problem.dataset.column));
    gutter.draw();
  });
  text.addEventListener("keydown", (event) => pressed(form, text, event));
  text.addEventListener("input", () => {
    changed = true;
    gutter.draw();
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  });
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (changed && !leaving) event.preventDefault();
  });

  async function look() {
    const number = ++asked;
    const sent = text.value;
    say(form, "state", "looking …");
    await keeping; // one at a time: the server has better things to do
    if (number !== asked) return;
    let release;
    keeping = new Promise((resolve) => (release = resolve));
    try {
      const found = await check(form, sent);
      if (number !== asked) return;
      if (found.kept && sent === text.value) changed = false;
      show(form, list, found);
      gutter.mark(marksOf(list, text.value));
    } catch (error) {
      if (number === asked) say(form, "state", `not checked: ${error.message}`);
    } finally {
      release();
    }
  }
}

async function check(form, text) {
  const value = (name) => form.elements.namedItem(name).value;
  const answer = await fetch(form.dataset.check, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": value("csrf_token") },
    body: JSON.stringify({ text, name: form.dataset.name, began: value("began"), seal: value("seal") }),
  }).catch(() => {
    throw new Error("the server does not answer; keep this page open");
  });
  if (!answer.ok) throw new Error(answer.status === 403 ? "load the page again; copy your text first" : `status ${answer.status}`);
  return answer.json();
}

// ---------------------------------------------------------------- what the server says

function show(form, list, found) {
  const wrong = found.name === null;
  const word = wrong ? ["failed", "to be mended"] : found.problems.length ? ["waiting_human", "good, with warnings"] : ["completed", "good"];
  const state = element("span", `status ${word[0]}`, word[1]);
  form.querySelector("[data-state]").replaceChildren(state);
  list.replaceChildren(...found.problems.map(item));
  const more = form.querySelector("[data-more]");
  more.hidden = !found.more;
  more.querySelector("[data-count]").textContent = found.more;
  say(form, "effect", found.effect);
  say(form, "kept", found.kept ? "Draft kept" : "Not kept as a draft: save it, or keep this page open");
  const place = form.querySelector("[data-graph]");
  if (found.graph) {
    const drawing = new DOMParser().parseFromString(found.graph, "image/svg+xml").documentElement;
    place.replaceChildren(document.importNode(drawing, true));
  } else if (!wrong) {
    place.replaceChildren(element("p", "muted", "It is too large to be drawn here."));
  } // while the file is wrong, the last good drawing stays
}

function item(problem) {
  const line = element("li", `problem ${problem.severity}`);
  if (problem.line !== null) Object.assign(line.dataset, { line: problem.line, column: problem.column });
  const link = element("a");
  link.href = "#text";
  const place = problem.line === null ? "whole file" : `${problem.line}:${problem.column}`;
  link.append(element("span", "problem-place", place), " ", element("b", "problem-word", problem.severity), " ");
  link.append(element("span", "problem-text", problem.message));
  line.append(link);
  if (problem.source.trim()) {
    const source = element("code", "problem-source", problem.source);
    source.dir = "auto";
    line.append(source);
  }
  return line;
}

function element(tag, name = "", text = "") {
  return Object.assign(document.createElement(tag), { className: name, textContent: text });
}

function say(form, what, text) {
  form.querySelector(`[data-${what}]`).textContent = text;
}

// ---------------------------------------------------------------- places in the text

// The offset of a place that counts lines as the server does, and columns in characters.
function offsetOf(text, line, column) {
  let start = 0;
  BREAK.lastIndex = 0;
  for (let number = 1; number < line; number++) {
    if (!BREAK.exec(text)) return text.length;
    start = BREAK.lastIndex;
  }
  BREAK.lastIndex = start;
  const end = BREAK.exec(text)?.index ?? text.length;
  const before = [...text.slice(start, Math.min(end, start + 2 * column))].slice(0, column - 1).join("");
  return Math.min(end, start + before.length);
}

function goTo(text, line, column) {
  const offset = offsetOf(text.value, line, column);
  text.focus();
  text.setSelectionRange(offset, offset);
  const above = text.value.slice(0, offset).split("\n").length - 1;
  text.scrollTop = Math.max(0, above * lineHeight(text) - text.clientHeight / 3);
}

function marksOf(list, text) {
  const marks = new Map();
  for (const problem of list.querySelectorAll("[data-line]")) {
    const offset = offsetOf(text, Number(problem.dataset.line), 1);
    const line = text.slice(0, offset).split("\n").length;
    const severity = problem.classList.contains("error") ? "error" : "warning";
    if (marks.get(line) !== "error") marks.set(line, severity);
  }
  return marks;
}

function lineHeight(text) {
  return Number.parseFloat(getComputedStyle(text).lineHeight) || 20;
}

// ---------------------------------------------------------------- the gutter

// Only the lines in sight have an element, so a long file is no slower than a short one.
function gutterOf(gutter, text) {
  let marks = new Map();
  let waiting = false;
  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const height = lineHeight(text);
      const first = Math.floor(text.scrollTop / height);
      const count = text.value.split("\n").length;
      const last = Math.min(count, first + Math.ceil(text.clientHeight / height) + 1);
      const lines = [];
      for (let number = first + 1; number <= last; number++) {
        lines.push(element("span", marks.get(number) ?? "", String(number)));
      }
      lines.push(element("span"), element("span")); // room to scroll by a part of a line
      gutter.replaceChildren(...lines);
      gutter.scrollTop = text.scrollTop % height;
    });
  }
  gutter.classList.add("on");
  text.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(text);
  return {
    draw,
    mark(found) {
      marks = found;
      draw();
    },
  };
}

// ---------------------------------------------------------------- keys

function pressed(form, text, event) {
  if (event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-save]"));
  } else if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  } else if (event.key === "Tab") {
    event.preventDefault();
    indent(text, event.shiftKey);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const line = text.value.slice(text.value.lastIndexOf("\n", text.selectionStart - 1) + 1, text.selectionStart);
    write(text, `\n${/^ *(?:- +)*/.exec(line)[0].replaceAll("-", " ")}`); // below the first key of an entry
  }
}

function indent(text, back) {
  const { selectionStart: start, selectionEnd: end, value } = text;
  const begin = value.lastIndexOf("\n", start - 1) + 1;
  if (start === end && !back) {
    write(text, " ".repeat(INDENT.length - ((start - begin) % INDENT.length)));
    return;
  }
  const lines = value.slice(begin, end).split("\n");
  const moved = lines.map((line) => (back ? line.replace(/^ {1,2}/, "") : line && INDENT + line));
  text.setSelectionRange(begin, end);
  write(text, moved.join("\n"));
  const shift = moved[0].length - lines[0].length;
  if (start === end) text.setSelectionRange(Math.max(begin, start + shift), Math.max(begin, start + shift));
  else text.setSelectionRange(begin, begin + moved.join("\n").length);
}

// In place of what is selected, so that the browser can undo it.
function write(text, words) {
  if (!words && text.selectionStart === text.selectionEnd) return;
  if (document.execCommand(words ? "insertText" : "delete", false, words)) return;
  text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}
