"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.querySelector("#theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const themed = () => {
    if (!button) return;
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  if (button) {
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it holds for this page */ }
      themed();
      root.dispatchEvent(new Event("themed"));
    });
  }
  dark.addEventListener("change", themed);
  themed();

  // What cannot be undone asks once.
  document.addEventListener("click", (event) => {
    const ask = event.target.closest("[data-ask]");
    if (ask) document.getElementById(ask.dataset.ask).showModal();
    const no = event.target.closest("[data-close]");
    if (no) no.closest("dialog").close();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asked = event.target.closest("dialog[open]") || event.target.querySelector?.("dialog[open]");
    if (asked) asked.close();
  });
  // What was done is said on the page as it is afterwards.
  const said = document.querySelector("#said");
  document.addEventListener("changed", () => {
    try { sessionStorage.setItem("said", said.textContent.trim()); } catch { /* it was said already */ }
    location.reload();
  });
  try {
    const last = sessionStorage.getItem("said");
    sessionStorage.removeItem("said");
    if (last) {
      const line = document.createElement("p");
      line.className = "toast";
      line.textContent = last;
      said.replaceChildren(line);
      setTimeout(() => line.remove(), 12000);
    }
  } catch { /* storage may be closed to us */ }

  // A film that has ended while one watched: all of its page is another one now.
  document.addEventListener("htmx:sseMessage", (event) => {
    if (event.detail?.type === "chart") {
      // Its chunks came while one watched: the page is another one; from then on only the chart is drawn anew.
      const found = JSON.parse(document.querySelector("#data").textContent);
      if (!document.querySelector("#along") && found.chunks.length) location.reload();
      else root.dispatchEvent(new Event("fed"));
      return;
    }
    const steps = document.querySelector("#film-live .steps");
    if (steps && steps.dataset.state !== "running") location.reload();
    const sheet = document.querySelector("#sheet-live[data-busy]");
    if (sheet && !sheet.querySelector("[data-doing]")) location.reload();
  });

  // Who steps from chunk to chunk by keyboard stays at the button.
  let step = null;
  document.addEventListener("htmx:beforeRequest", (event) => { step = event.target.dataset?.step ?? null; });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!step || event.target.id !== "every") return;
    const again = [step, "chunk"].map((name) => event.target.querySelector(`[data-step=${name}]:enabled`)).find(Boolean);
    step = null;
    again?.focus();
  });

  // Not on each picture: some come later.
  document.addEventListener("input", (event) => {
    if (event.target.matches(".compare input")) event.target.parentElement.style.setProperty("--x", `${event.target.value}%`);
  });
})();
