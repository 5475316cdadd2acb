// Forms that say something while they are filled: a user name that is free, the length of a password, texts to copy.

import { mount, say, send, word } from "./core.js";

const PAUSE_MS = 300;

// Copying

mount("button[data-copy]", (button) => {
  const field = document.getElementById(button.dataset.copy);
  const select = () => (field.select ? field.select() : getSelection().selectAllChildren(field));
  button.hidden = false;
  field.addEventListener("focus", select);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value ?? field.textContent);
    } catch {
      // Without https there is no clipboard for scripts; what is selected can be copied by hand.
      field.focus();
      select();
      if (!document.execCommand("copy")) return;
    }
    button.textContent = button.dataset.done;
    say(button.dataset.done);
  });
});

// How long a password is

mount(".new-password", (part) => {
  const field = part.querySelector("input");
  const line = part.querySelector(':scope > [role="status"]');
  const least = Number(part.dataset.least);
  field.addEventListener("input", () => {
    const letters = [...field.value];
    line.hidden = !letters.length;
    line.textContent = strength(letters, least);
  });
});

function strength(letters, least) {
  if (letters.length < least) return word("password_more", { n: least - letters.length });
  if (new Set(letters).size < 5) return word("password_same");
  return word(letters.length < 12 ? "password_fair" : letters.length < 16 ? "password_good" : "password_best");
}

// Whether a user name is free, and the address that it makes

mount("input[data-check]", (field) => {
  const line = document.getElementById(field.dataset.line);
  const [address, verdict] = line.children;
  let timer, asked;

  field.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    const name = field.value.trim().toLowerCase();
    line.hidden = name.length < 3;
    line.classList.remove("error", "good");
    address.textContent = `${location.host}/@${name}`;
    verdict.textContent = "";
    if (!line.hidden) timer = setTimeout(ask, PAUSE_MS);
  });

  async function ask() {
    asked = new AbortController();
    const query = new URLSearchParams({ username: field.value, invite: field.form.elements.invite?.value ?? "" });
    try {
      const { data } = await send("GET", `${field.dataset.check}?${query}`, { signal: asked.signal });
      if (data.username) address.textContent = `${location.host}/@${data.username}`;
      line.classList.add(data.available ? "good" : "error");
      verdict.textContent = data.text;
    } catch {
      // The server says it when the form is sent.
    }
  }
});

// Where the clock of this browser stands

mount('input[name="timezone"][type="hidden"]', (field) => {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
});
