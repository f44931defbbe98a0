// What leaves the desk by the clipboard is the defanged form, so that nobody opens a hostile address by pasting it.
// The text on the page is already defanged; this adds the buttons, and says in words that something was copied.

export function startCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const status = document.getElementById("said");
    if (status) status.textContent = button.dataset.copied ?? "";
  });
}
