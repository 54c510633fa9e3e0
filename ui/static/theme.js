// Light or dark, as the reader has chosen on this device; without a choice, as the device says.
"use strict";
(() => {
  const root = document.documentElement;
  const next = { auto: "light", light: "dark", dark: "auto" };
  const words = { auto: "Colours: as the device", light: "Colours: light", dark: "Colours: dark" };
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("theme") ?? "auto";
  } catch {
    // a browser that keeps nothing for us follows the device
  }
  const show = () => {
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
    else delete root.dataset.theme;
  };
  show();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-choice]");
    if (!button) return;
    button.hidden = false;
    button.textContent = words[chosen] ?? words.auto;
    button.addEventListener("click", () => {
      chosen = next[chosen] ?? "light";
      button.textContent = words[chosen];
      show();
      try {
        localStorage.setItem("theme", chosen);
      } catch {
        // then it holds for this page alone
      }
    });
  });
})();
