// A post wherever it stands: its photos, its words, its comments, its link.

import { PART, Problem, key, markup, mount, number, part, say, send, toast, wake, word } from "./core.js";

/** Whether somebody wants nothing to move. */
export const calm = () =>
  document.documentElement.dataset.motion === "reduce" || matchMedia("(prefers-reduced-motion: reduce)").matches;

// Photos

/** A strip of photos that also turns by buttons and arrow keys. The strip itself scrolls without any of this. */
class Carousel {
  constructor(root) {
    const parts = document.getElementById("carousel-parts");
    this.strip = root.querySelector(".strip");
    this.slides = [...this.strip.children];
    this.at = -1;
    if (!parts) return;
    root.append(parts.content.cloneNode(true));
    this.buttons = [...root.querySelectorAll("[data-turn]")];
    this.told = root.querySelector("[aria-live]");
    this.ticks = this.slides.map(() => document.createElement("i"));
    root.querySelector(".ticks").append(...this.ticks);
    for (const button of this.buttons)
      button.addEventListener("click", () => this.turn(Number(button.dataset.turn)));
    let rest;
    this.strip.addEventListener("scroll", () => {
      clearTimeout(rest);
      rest = setTimeout(() => this.show(Math.round(Math.abs(this.strip.scrollLeft) / this.strip.clientWidth)), 60);
    }, { passive: true });
    root.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.turn(step * this.sign);
    });
    this.show(0);
  }

  get sign() {
    return getComputedStyle(this.strip).direction === "rtl" ? -1 : 1;
  }

  /** One photo on or back; at the ends nothing happens. */
  turn(step) {
    const next = this.at + step;
    if (!this.slides[next]) return;
    const linked = this.slides[this.at].contains(document.activeElement);
    this.show(next);
    // Who stands on a photo goes along to the next one; who stands elsewhere stays there.
    if (linked) this.slides[next].querySelector("a")?.focus({ preventScroll: true });
    this.strip.scrollTo({ left: this.sign * next * this.strip.clientWidth, behavior: calm() ? "instant" : "smooth" });
    this.told.textContent = this.slides[next].ariaLabel;
  }

  show(at) {
    if (at === this.at) return;
    this.at = at;
    this.slides.forEach((slide, i) => (slide.inert = i !== at && !slide.contains(document.activeElement)));
    this.ticks.forEach((tick, i) => tick.classList.toggle("on", i === at));
    this.buttons.forEach((button) => (button.ariaDisabled = String(!this.slides[at + Number(button.dataset.turn)])));
  }
}

const carousels = new WeakMap();
mount(".carousel", (root) => carousels.set(root, new Carousel(root)));

/** Turn the photos of a post by `step`, in the direction of an arrow key. */
export function turn(post, step) {
  const carousel = carousels.get(post.querySelector(".carousel"));
  carousel?.turn(step * carousel.sign);
  return Boolean(carousel);
}

// Photos that are still being made come in by themselves, while what somebody writes stays.

mount("[data-in-progress]", async (post) => {
  const pause = () => new Promise((done) => setTimeout(done, 2_000));
  for (let tries = 0; tries < 60; tries += 1) {
    await pause();
    if (document.hidden) continue;
    try {
      const answer = await send("GET", location.pathname, { headers: { Accept: "text/html" } });
      const fresh = markup(answer.data).querySelector(".post-page");
      const [seen, shown] = [fresh, post].map((each) => each.querySelector(".looked-at"));
      if (seen.querySelectorAll(".im").length > shown.querySelectorAll(".im").length) {
        shown.replaceWith(seen);
        wake(seen);
      }
      if (!("inProgress" in fresh.dataset)) return;
    } catch {
      // The next time may be better.
    }
  }
});

// The viewer of a post's own page

mount(".post-page .stage > a", (link) => link.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !document.getElementById("viewer")) return;
  event.preventDefault();
  const links = [...link.closest(".photos").querySelectorAll(".stage > a")];
  try {
    (await import("./viewer.js")).view(links, link);
  } catch {
    location.assign(link.href);
  }
}));

// Words

mount("[data-whole]", (link) => link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const caption = link.previousElementSibling;
  caption.classList.remove("clamp");
  caption.tabIndex = -1;
  caption.focus({ preventScroll: true });
  link.remove();
}));

// Likes: a heart beats once.

document.addEventListener("hg:toggled", ({ target, detail }) => target.querySelector(".like")?.classList.toggle("beat", detail.on));

// The link

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https there is no clipboard, but the oldest way still works.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

mount("[data-share]", (button) => {
  button.closest("li").hidden = false;
  button.addEventListener("click", async () => {
    const menu = button.closest("details");
    const url = new URL(button.dataset.share, location.href).href;
    menu.open = false;
    menu.querySelector("summary").focus({ preventScroll: true });
    try {
      if (navigator.share) await navigator.share({ url });
      else {
        await copy(url);
        toast({ text: word("link_copied") });
      }
    } catch (error) {
      if (error.name !== "AbortError") toast({ text: word("failed"), error: true });
    }
  });
});

// Comments

mount(".comment-form", (form) => {
  const { text: field } = form.elements;
  const button = form.querySelector("button");
  const ready = () => { button.disabled = !field.value.trim(); };
  field.addEventListener("input", () => { ready(); complain(form); });
  form.addEventListener("reset", () => setTimeout(ready));
  field.addEventListener("keydown", (event) => {
    // Out of the field to its post, where keys mean something again; what was typed stays.
    if (event.key === "Escape" && !event.isComposing) (form.closest(".post") ?? document.getElementById("main")).focus({ preventScroll: true });
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) form.requestSubmit(button.disabled ? null : button);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim() && button.ariaBusy !== "true") write(form, button);
  });
  ready();
});

async function write(form, button) {
  button.ariaBusy = "true";
  try {
    const sent = new URLSearchParams(new FormData(form));
    add(form, markup((await send("POST", form.action, { form: sent, headers: PART })).data));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const told = markup(problem.html).querySelector(".comment-form .error");
    complain(form, told?.textContent.trim() || problem.detail || word("failed"));
  } finally {
    button.ariaBusy = null;
  }
}

/** Say below the field why it was not sent, or nothing any more. */
function complain(form, text = "") {
  const { text: field } = form.elements;
  form.querySelector(".error")?.remove();
  for (const name of ["aria-invalid", "aria-describedby"]) field.removeAttribute(name);
  if (!text) return;
  const line = document.createElement("p");
  line.className = "error";
  line.id = `${field.id}-error`;
  line.setAttribute("role", "alert");
  line.textContent = text;
  form.append(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", line.id);
  field.focus();
}

function add(form, answer) {
  const made = answer.querySelector(".comment, .preview");
  const post = form.closest("article");
  if (!made) return location.reload();
  const answered = form.elements.reply_to?.value;
  if (made.matches(".preview")) post.querySelector(".words").append(made);
  else {
    const list = post.querySelector(".comments");
    let before = answered && document.getElementById(`comment-${answered}`);
    while (before?.nextElementSibling?.matches(".reply")) before = before.nextElementSibling;
    if (before) before.after(made);
    else list.append(made);
    made.classList.add("fresh");
  }
  wake(made);
  recount(post, 1);
  const fresh = answer.querySelector(".write");
  if (answered && fresh) {
    form.closest(".write").replaceWith(fresh);
    wake(fresh);
    fresh.querySelector("textarea")?.focus({ preventScroll: true });
  } else form.reset();
  made.scrollIntoView({ block: "nearest", behavior: calm() ? "instant" : "smooth" });
  say(word("comment_sent"));
}

/** Do `fn` instead of following a link, unless somebody wants it in a tab of its own; where it fails the link leads on. */
const instead = (fn) => (link) => link.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  try {
    await fn(link);
  } catch {
    location.assign(link.href);
  }
});

/** Move the number of comments of a post by `by`. */
function recount(post, by) {
  const count = post.querySelector('[data-count="comments"]');
  count.dataset.value = Math.max(0, Number(count.dataset.value) + by);
  count.textContent = number(Number(count.dataset.value));
}

// A comment goes at once, with its answers; for a moment it can be brought back.
mount("a[data-undo]", instead(async (link) => {
  const comment = link.closest(".comment");
  const post = comment.closest("article.post-page");
  const list = comment.parentElement;
  const gone = [comment];
  while (!comment.matches(".reply") && gone.at(-1).nextElementSibling?.matches(".reply")) gone.push(gone.at(-1).nextElementSibling);
  const url = `/api/v1/comments/${comment.id.replace("comment-", "")}`;
  await send("DELETE", url);
  link.ariaBusy = null;
  const place = document.createComment("");
  comment.before(place);
  for (const each of gone) each.remove();
  recount(post, -gone.length);
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
  toast({ text: word("comment_deleted"), seconds: 10, action: { label: word("undo"), run: async () => {
    try {
      await send("POST", `${url}/restore`);
      place.replaceWith(...gone);
      recount(post, gone.length);
      comment.querySelector("[data-undo]").focus({ preventScroll: true });
    } catch (problem) {
      toast({ text: problem.detail || word("failed"), error: true });
    }
  } } });
}));

mount("a[data-reply]", instead(async (link) => {
  const fresh = (await part(link.href)).querySelector(".write");
  const old = document.querySelector(".write");
  const field = fresh.querySelector("textarea");
  if (field && !field.value) field.value = old.querySelector("textarea")?.value ?? "";
  old.replaceWith(fresh);
  wake(fresh);
  link.ariaBusy = null;
  field?.focus();
}));

mount(".comments > a.more", instead(async (link) => {
  const found = (await part(link.href)).querySelector(".comments");
  const made = [...found.querySelectorAll(".comment")].filter((each) => !document.getElementById(each.id));
  const next = found.querySelector(`a.more[rel="${link.rel}"]`);
  const earlier = link.rel === "prev";
  const anchor = earlier && link.nextElementSibling;
  const top = anchor && anchor.getBoundingClientRect().top;
  link.replaceWith(...(earlier ? [next ?? "", ...made] : [...made, next ?? ""]));
  for (const each of [...made, ...(next ? [next] : [])]) wake(each);
  // What was being read stays where it was.
  if (anchor) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  if (next && document.activeElement === document.body) next.focus({ preventScroll: true });
}));

// Keys of a post's own page; on a list of posts they belong to the one in view.

const page = document.querySelector(".post-page");
const press = (selector) => () => {
  const found = page?.querySelector(selector);
  if (!found) return false;
  found.click();
};

key("l", press("button.like"));
key("s", press("button.save"));
key("c", () => {
  const field = page?.querySelector(".comment-form textarea");
  if (!field) return false;
  field.focus();
});
