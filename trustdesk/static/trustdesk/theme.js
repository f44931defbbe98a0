// The theme is a cookie that the server reads (no flash, works without script); this only spares the reload.

export function startTheme() {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest?.("form[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    document.documentElement.dataset.theme = data.get("theme");
    for (const button of form.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.value === data.get("theme")));
    await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
  });
}
