// The page of a question.  When what it shows is another by now, that is said before somebody sends an answer to what
// they have not seen; the server would refuse it.

const stale = document.querySelector("[data-stale]");
const shown = document.querySelector('form[data-form] input[name="shown"]');

document.addEventListener("live:swapped", (event) => {
  const digest = event.detail.dataset.shown;
  if (stale && shown && digest && digest !== shown.value) stale.hidden = false;
});

// An address is there to be copied.
document.addEventListener("focusin", (event) => event.target.matches("[data-select]") && event.target.select());

// The question that is shown is in sight in the list beside it.
document.querySelector(".inbox-list [aria-current]")?.scrollIntoView({ block: "nearest" });
