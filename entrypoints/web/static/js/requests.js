// People who ask to follow: the answer shows at once, the server is told meanwhile.

import { mount, say, send, toast, word } from "./core.js";

mount("form[data-answer]", (form) => {
  const row = form.closest("li");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { answer, username } = form.elements;
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.hidden = true;
    // Whoever works with keys goes on with the next person.
    (next?.querySelector(`form[data-answer="${form.dataset.answer}"] button`) ?? document.getElementById("main")).focus();
    count(-1);
    try {
      await send("POST", `/api/v1/follow-requests/${username.value}/${answer.value}`);
      say(word(`request_${answer.value}`, { name: username.value }));
      row.remove();
      if (!document.querySelector("form[data-answer]")) location.reload();
    } catch (error) {
      count(1);
      row.hidden = false;
      toast({ text: error.detail || word("failed"), error: true });
    }
  });
});

/** The number beside the page in the menu. */
function count(by) {
  const badge = document.querySelector('.nav a[href="/requests"] .badge');
  const shown = Number(badge?.firstChild.textContent);
  if (!shown) return; // none, or more than are counted
  badge.firstChild.textContent = shown + by;
  badge.hidden = shown + by === 0;
}
