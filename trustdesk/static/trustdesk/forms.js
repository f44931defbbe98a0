// Forms: send once, submit a filter when it changes, warn before typed reasons are lost.

// Reasons that nobody has touched follow the choice; reasons that somebody wrote stay.
function prefill(event) {
  const form = event.target.closest?.("form[data-prefill]");
  const field = form?.elements.reasons;
  if (!field || event.target.name !== "choice") return;
  const drafts = [...form.querySelectorAll("[data-reasons]")].map((node) => node.dataset.reasons.trim());
  if (!field.value.trim() || drafts.includes(field.value.trim())) field.value = event.target.dataset.reasons;
}

export function startForms() {
  document.addEventListener("change", prefill, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.matches("[data-again]")) {
      form.dataset.sent = "yes";
      delete form.dataset.typed;
    }
  });
  // Coming back by the back button shows the page from memory: it may be sent again, the server refuses a repeat.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-submit-on-change]");
    if (form) form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-keep]");
    if (form) form.dataset.typed = "yes";
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-keep][data-typed]")) event.preventDefault();
  });
}
