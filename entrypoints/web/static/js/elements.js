// Small things that stand on every page: times that go on, menus, questions, buttons that answer at once.

import { Problem, ago, full, key, markup, mount, number, part, plural, say, send, toast, wake, word } from "./core.js";

// Times

const times = new Set();

function tick() {
  for (const time of times) {
    if (!time.isConnected) times.delete(time);
    else time.textContent = ago(Date.parse(time.dateTime), time.dataset.ago === "long") || time.textContent;
  }
}

mount("time[data-ago]", (time) => times.add(time));
setInterval(tick, 60_000);
document.addEventListener("visibilitychange", () => document.hidden || tick());

// Pages that wait for something come again by themselves, but never from under somebody who writes.

mount('meta[name="comes-again"]', (wish) => {
  setTimeout(function again() {
    const written = [...document.querySelectorAll("textarea, input")].some((field) => field.value !== field.defaultValue);
    if (written || document.querySelector("dialog[open]")) setTimeout(again, 5_000);
    else location.reload();
  }, Number(wish.content) * 1_000);
});

// A row of tabs that is longer than the screen begins at the one that is open.

mount(":is(.tabs, .settings-list) [aria-current]", (link) => {
  const row = link.closest("nav");
  const [at, room] = [link, row].map((each) => each.getBoundingClientRect());
  row.scrollLeft += at.left + at.width / 2 - room.left - room.width / 2;
});

// Menus: a press outside and Esc close them, arrows walk through them.

document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});

mount("details.menu", (menu) => {
  const lines = () => [...menu.querySelectorAll("li a, li button")].filter((each) => each.offsetParent);
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopPropagation();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !menu.open) return;
    event.preventDefault();
    const all = lines();
    all.at((all.indexOf(document.activeElement) + step + (step < 0 && !all.includes(document.activeElement) ? 1 : 0)) % all.length)?.focus();
  });
});

// Questions: the page that asks before something is lost, as a dialog over this one.

mount("a[data-confirm]", (link) => {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    try {
      ask((await send("GET", link.href, { headers: { Accept: "text/html" } })).data, link);
    } catch {
      location.assign(link.href);
    }
  });
});

function ask(html, opener) {
  const question = markup(html).querySelector(".confirm");
  if (!question) return location.assign(opener.href);
  open(question, opener);
}

/** A section of a page as a dialog over this one; its heading names it. It goes when it is closed. */
function open(section, opener) {
  const dialog = document.createElement("dialog");
  const heading = section.querySelector("h1");
  const title = document.createElement("h2");
  title.id = "question";
  title.append(...heading.childNodes);
  heading.replaceWith(title);
  dialog.className = "question";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(section);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    (opener.isConnected && opener.checkVisibility() ? opener : opener.closest("details")?.querySelector("summary"))?.focus();
  });
  dialog.addEventListener("click", (event) => {
    const keep = event.target.closest("form a, [data-close]");
    if (keep) event.preventDefault();
    if (keep || event.target === dialog) dialog.close();
  });
  wake(dialog);
  opener.closest("details.menu")?.removeAttribute("open");
  dialog.showModal();
}

// Buttons that are on or off: what one wants shows at once, the server is told the final state only.

const API = "/api/v1";
const target = (path) => path
  .replace(/^\/p\//, `${API}/posts/`).replace(/^\/comments\//, `${API}/comments/`).replace(/^\/@/, `${API}/users/`)
  .replace(/\/un(\w+)$/, "/$1");
const waiting = new Set();

/** A form of one button that does or undoes the same thing; `data-on` and `data-off` are its labels. */
class Toggle {
  constructor(form) {
    this.form = form;
    this.button = form.querySelector("button");
    this.url = target(new URL(form.action).pathname);
    this.stored = this.wanted = this.button.getAttribute("aria-pressed") === "true";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.show(!this.wanted);
      this.store();
    });
  }

  show(on) {
    const changed = on !== this.wanted;
    this.wanted = on;
    this.button.setAttribute("aria-pressed", on);
    const { asks, requested, off, on: done } = this.form.dataset;
    const label = !on ? off : asks === undefined ? done : requested;
    if (this.button.hasAttribute("aria-label")) {
      this.button.ariaLabel = this.button.title = label;
    } else this.button.querySelector("span").textContent = label;
    if (changed) this.form.dispatchEvent(new CustomEvent("hg:toggled", { bubbles: true, detail: { on } }));
  }

  async store() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.stored !== this.wanted) {
        const on = this.wanted;
        const { data } = await send(on ? "PUT" : "DELETE", this.url, { keepalive: true });
        this.stored = on;
        if (on === this.wanted) this.form.dispatchEvent(new CustomEvent("hg:stored", { bubbles: true, detail: data }));
      }
      this.settle();
    } catch (error) {
      if (error instanceof Problem && error.status) this.takeBack(error.detail || word("failed"));
      else this.wait();
    } finally {
      this.busy = false;
    }
  }

  /** Without a connection the wish stays for a minute, marked as waiting. */
  wait() {
    if (waiting.has(this)) return;
    waiting.add(this);
    say(word("offline"));
    this.button.classList.add("waiting");
    this.timer = setTimeout(() => this.takeBack(word("offline")), 60_000);
  }

  settle() {
    waiting.delete(this);
    clearTimeout(this.timer);
    this.button.classList.remove("waiting");
  }

  takeBack(text) {
    this.settle();
    this.show(this.stored);
    toast({ text, error: true });
  }
}

mount("form[data-toggle]", (form) => new Toggle(form));
window.addEventListener("online", () => { for (const each of [...waiting]) each.store(); });

// A number beside a button moves with it, and takes the server's when that is known.
document.addEventListener("hg:toggled", ({ target: form, detail: { on } }) => {
  if (form.dataset.toggle !== "followers") move(form, (count) => count + (on ? 1 : -1));
  else follow(form, !on ? "no" : form.dataset.asks === undefined ? "yes" : "requested");
});
document.addEventListener("hg:stored", ({ target: form, detail }) => {
  const { counts, following } = detail ?? {};
  // Who has become private meanwhile, or is so without its being known here, was only asked.
  if (following) follow(form, following);
  if (counts) move(form, (count, name) => counts[name] ?? count);
});

/** How one stands to somebody now, in the word of the button and in the number of followers, which counts no requests. */
function follow(form, following) {
  const { on, requested } = form.dataset;
  if (following !== "no") form.querySelector("button span").textContent = following === "yes" ? on : requested;
  const by = (following === "yes") - (form.followed ?? false);
  form.followed = following === "yes";
  if (by) move(form, (count) => count + by);
}

function move(form, change) {
  const shown = (form.closest(".profile") ?? form.parentElement).querySelector(`[data-count="${form.dataset.toggle}"]`);
  if (!shown) return;
  const { name, value } = shown.dataset;
  const count = Math.max(0, change(Number(value), name));
  shown.dataset.value = count;
  const text = shown.dataset[plural.select(count)] ?? shown.dataset.other;
  if (!text) return void (shown.textContent = number(count));
  const [before, after] = text.split("<b>{n}</b>");
  const bold = document.createElement("b");
  bold.textContent = number(count);
  shown.replaceChildren(before, bold, after);
}

// Keys that work everywhere

const go = (path) => () => location.assign(path);
const SEARCH = "f-q";
function search() {
  const field = document.getElementById(SEARCH);
  if (field) field.select();
  else location.assign(`/explore#${SEARCH}`);
}
key("g h", go("/"));
key("g e", go("/explore"));
key("g n", go("/notifications"));
key("n", go("/new"));
key("g p", () => document.querySelector('.nav a[href^="/@"]')?.click());
key("/", search);
key("mod+k", search);
key("?", async () => {
  const opener = document.activeElement;
  try {
    open((await part("/shortcuts")).querySelector(".shortcuts"), opener);
  } catch {
    location.assign("/shortcuts");
  }
});

// Fields: "Show" of passwords, and how much of a limit is used.

mount("button[data-reveal]", (button) => {
  const field = document.getElementById(button.dataset.reveal);
  const [show, hide] = [button.textContent, button.dataset.hide];
  const reveal = (open) => {
    field.type = open ? "text" : "password";
    button.textContent = open ? hide : show;
    button.setAttribute("aria-pressed", open);
  };
  button.hidden = false;
  button.addEventListener("click", () => reveal(field.type === "password"));
  // A password that is sent as text would be offered to be remembered as one.
  field.form?.addEventListener("submit", () => reveal(false));
});

// What was wrong is said until it is changed; whether it is right then, the server says.
mount('[aria-invalid="true"]', (field) => {
  field.addEventListener("input", () => {
    field.removeAttribute("aria-invalid");
    field.closest(".field")?.classList.remove("bad");
    document.getElementById(`${field.id}-error`)?.remove();
  }, { once: true });
});

mount(".counter[data-max]", (counter) => {
  const field = document.getElementById(counter.id.replace(/-count$/, ""));
  const shown = counter.querySelector("bdi");
  const most = Number(counter.dataset.max);
  field.addEventListener("input", () => {
    // As the server counts: characters, not halves of them.
    const length = [...field.value].length;
    counter.hidden = length < Number(counter.dataset.from);
    shown.textContent = `${full(length)} / ${full(most)}`;
  });
});

// A page that the browser kept may be of somebody who signed out meanwhile; only the cookie tells.

const mark = () => /(?:^|; )hg_mark=(\w*)/.exec(document.cookie)?.[1] ?? "";
const whose = mark();
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && mark() !== whose) location.reload();
});

// A list that filters while one types: the field's form asks the page for it, and `data-filters` names the list by its id.

mount("input[data-filters]", (field) => {
  let pause, asking;
  if (location.hash === `#${field.id}`) field.focus();
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(filter, 200);
  });
  // The first Esc empties the field, as browsers do; the next one leaves it.
  field.addEventListener("keydown", ({ key: pressed }) => pressed === "Escape" && !field.value && field.blur());

  async function filter() {
    asking?.abort();
    asking = new AbortController();
    const url = new URL(field.form.action);
    if (field.value.trim()) url.searchParams.set(field.name, field.value);
    try {
      const list = (await part(url, asking.signal)).getElementById(field.dataset.filters);
      document.getElementById(list.id).replaceWith(list);
      wake(list);
      history.replaceState(history.state, "", url);
    } catch (problem) {
      if (problem instanceof Problem) toast({ text: problem.detail || word("failed"), error: true });
      else if (problem.name !== "AbortError") throw problem;
    }
  }
});
