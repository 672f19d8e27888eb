// The page's colors: as the system, light, dark, or red for the dome. This script runs before the page is drawn, so a
// red page is never white, not even for a moment.
"use strict";

(function () {
  const KEPT_AS = "console-colors";
  const root = document.documentElement;

  function kept() {
    try {
      return localStorage.getItem(KEPT_AS) ?? "system";
    } catch {
      return "system"; // a browser that keeps nothing
    }
  }

  function choose(colors) {
    root.dataset.colors = colors;
    try {
      localStorage.setItem(KEPT_AS, colors);
    } catch {
      // The choice is lost at the next visit.
    }
  }

  root.dataset.colors = kept();
  addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("colors");
    choice.value = root.dataset.colors;
    choice.addEventListener("change", () => choose(choice.value));
  });
})();
