"use strict";
// Before the first paint: a page that was set dark must not flash white.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* storage may be closed to us: the system's choice holds */ }
