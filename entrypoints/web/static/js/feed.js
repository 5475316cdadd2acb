// Lists of posts: they grow while somebody reads on, and whoever comes back finds the place where they were.

import { PART, key, markup, memory, mount, send, wake } from "./core.js";
import { turn } from "./post.js";

// After so many pages that came by themselves the end of the page can be reached, until more is asked for.
const AUTOMATIC = 5;
// How many items from the end the next page is asked for.
const AHEAD = 3;
const SOON = 300;
const LONG = 8_000;

/** A list with `data-until` and the links below it. */
class List {
  constructor(list) {
    this.list = list;
    this.automatic = 0;
    this.watch = new IntersectionObserver((seen) => {
      if (seen.some((each) => each.isIntersecting || each.boundingClientRect.top < 0)) this.ahead();
    });
    this.look();
  }

  get pages() {
    return this.list.parentElement.querySelector(":scope > .pages");
  }

  get link() {
    return this.pages?.querySelector('[rel="next"]');
  }

  /** The link loads more in place, and the items before it are watched. */
  look() {
    const { link, list } = this;
    if (!link) return;
    link.classList.remove("next");
    link.replaceChildren(this.pages.dataset.more);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.automatic = 0;
      this.load(event.detail === 0);
    });
    this.watch.observe(items(list).at(-AHEAD) ?? list);
    this.watch.observe(this.pages);
  }

  ahead() {
    if (this.automatic >= AUTOMATIC || navigator.connection?.saveData) return;
    this.automatic += 1;
    this.load();
  }

  /** The next page. `moves` puts the focus on its first item, for whoever pressed the link with a key. */
  async load(moves = false) {
    const { link, list, pages } = this;
    if (!link || this.stop) return;
    this.watch.disconnect();
    this.stop = new AbortController();
    list.ariaBusy = "true";
    const signs = [setTimeout(() => this.wait(), SOON), setTimeout(() => this.slow(), LONG)];
    try {
      const { data } = await send("GET", link.href, { headers: PART, signal: this.stop.signal, seconds: 60 });
      const answer = markup(data);
      const more = answer.querySelector("[data-until]");
      // Somebody who was signed out gets another page; it is theirs to see as a whole.
      if (!more && answer.querySelector("main")) return location.assign(link.href);
      this.put(more, answer.querySelector(".pages"), moves);
    } catch (problem) {
      if (problem.name !== "AbortError") this.fail(problem);
    } finally {
      signs.forEach(clearTimeout);
      this.clear?.();
      this.stop = undefined;
      list.ariaBusy = null;
    }
    const { again } = this;
    this.again = false;
    if (again) this.load(moves);
    else if (!pages.isConnected) this.look();
  }

  put(more, pages, moves) {
    const { list } = this;
    const known = new Set(items(list).map(place));
    const made = more ? items(more).filter((item) => !known.has(place(item))) : [];
    for (const item of made) group(list, item).append(item);
    made.forEach((item) => wake(item));
    if (list.role === "feed") [...list.querySelectorAll(":scope > .post")].forEach((item, i) => (item.ariaPosInSet = i + 1));
    // The way back to what is newer is the first page's; what was loaded since is all here.
    const gone = this.pages;
    pages?.querySelector('[rel="prev"]')?.remove();
    const back = gone.querySelector('[rel="prev"]');
    if (back) pages?.prepend(back);
    if (pages?.childElementCount) gone.replaceWith(pages);
    else gone.remove();
    if (more) {
      list.dataset.until = more.dataset.until;
      const url = new URL(location.href);
      url.searchParams.delete("cursor");
      url.searchParams.set("until", more.dataset.until);
      url.hash = "";
      history.replaceState(history.state, "", url);
    }
    const next = made.find((item) => !item.matches(".seen"));
    if (moves) (next?.matches("[tabindex]") ? next : next?.querySelector("a"))?.focus();
  }

  /** What will come takes its room, where it does not come at once. */
  wait() {
    const cards = this.list.role === "feed";
    const rows = this.list.matches(".notes");
    const signs = Array.from({ length: cards ? 2 : 6 }, () => {
      const sign = document.createElement(cards ? "div" : "li");
      sign.className = cards ? "skeleton card" : rows ? "skeleton row" : "skeleton";
      sign.setAttribute("aria-hidden", "true");
      return sign;
    });
    const room = document.createElement(cards ? "div" : "ul");
    room.className = cards ? "feed" : rows ? "notes" : "sheet";
    room.setAttribute("aria-hidden", "true");
    room.append(...signs);
    this.list.after(room);
    this.pages.hidden = true;
    this.clear = () => {
      room.remove();
      this.line?.remove();
      if (this.pages) this.pages.hidden = Boolean(this.block);
    };
  }

  slow() {
    this.line = document.getElementById("still-working").content.firstElementChild.cloneNode(true);
    this.line.querySelector("button").addEventListener("click", () => {
      this.again = true;
      this.stop.abort();
    });
    this.pages.before(this.line);
  }

  /** A block in place of what did not come; the link keeps its position in the list. */
  fail(problem) {
    const block = document.getElementById("failed-part").content.firstElementChild.cloneNode(true);
    block.setAttribute("role", "alert");
    block.querySelector(".code").textContent = problem.requestId ?? "";
    block.querySelector("button").addEventListener("click", () => {
      block.remove();
      this.block = undefined;
      this.pages.hidden = false;
      this.load(true);
    });
    this.block = block;
    this.pages.hidden = true;
    this.pages.before(block);
  }
}

/** The items of a list, which may stand below headings in sections of it. */
const items = (list) => {
  const grouped = [...list.querySelectorAll(":scope > section > ul > li")];
  return grouped.length ? grouped : [...list.children];
};

/** Where an item belongs in a list: into the section of the same name, which goes on or begins here. */
function group(list, item) {
  const section = item.closest("section");
  if (!section) return list;
  let same = document.getElementById(section.id);
  if (!same) {
    same = section.cloneNode(true);
    same.querySelector("ul").replaceChildren();
    list.append(same);
  }
  return same.querySelector("ul");
}

/** What an item of a list is known by. */
const place = (item) => item.id || item.querySelector("a")?.getAttribute("href");

mount("[data-until]", (list) => {
  if (list.dataset.until) new List(list);
});

// Coming back

const first = () => [...document.querySelectorAll("[data-until] > :not(.seen)")].find((each) => each.getBoundingClientRect().bottom > 60);
const address = () => `place ${location.pathname}${location.search}`;

addEventListener("pagehide", () => {
  const item = scrollY > 0 && first();
  if (item) memory.tab.set(address(), { place: place(item), top: item.getBoundingClientRect().top });
  else memory.tab.drop(address());
});

function comeBack() {
  const [visit] = performance.getEntriesByType("navigation");
  const kept = memory.tab.get(address());
  if (!kept || !["reload", "back_forward"].includes(visit?.type)) return;
  const item = [...document.querySelectorAll("[data-until] > *")].find((each) => place(each) === kept.place);
  if (!item) return;
  const stop = new AbortController();
  const settle = () => {
    if (!stop.signal.aborted) scrollBy({ top: item.getBoundingClientRect().top - kept.top, behavior: "instant" });
  };
  for (const own of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(own, () => stop.abort(), { signal: stop.signal, passive: true });
  settle();
  // What comes later, such as a font or the browser's own guess, may move it once more.
  const later = () => requestAnimationFrame(() => { settle(); requestAnimationFrame(settle); });
  later();
  document.fonts.ready.then(later);
  addEventListener("load", () => { later(); setTimeout(() => { settle(); stop.abort(); }, 300); }, { once: true });
}

comeBack();

// Keys

const posts = () => [...document.querySelectorAll(".feed > .post")];

/** The post with the focus, or the first one in view. */
function current() {
  const all = posts();
  return all.find((post) => post.contains(document.activeElement)) ?? all.find((post) => post.getBoundingClientRect().bottom > 120);
}

function step(by) {
  const all = posts();
  const at = current();
  if (!at) return false;
  // From outside, the first step leads to the post that is in view.
  const post = at.contains(document.activeElement) ? all[all.indexOf(at) + by] : at;
  if (!post) return false;
  post.focus({ preventScroll: true });
  post.scrollIntoView({ block: "start", behavior: "instant" });
}

const press = (selector) => () => {
  const button = current()?.querySelector(selector);
  if (!button) return false;
  button.click();
};

key("j", () => step(1));
key("k", () => step(-1));
key("l", press("button.like"));
key("s", press("button.save"));
key("o", press(".when"));
key("c", () => {
  const field = current()?.querySelector(".comment-form textarea");
  if (!field) return false;
  field.focus();
});
key("ArrowRight", ({ target }) => target.matches(".post") && turn(target, 1));
key("ArrowLeft", ({ target }) => target.matches(".post") && turn(target, -1));
key("Enter", ({ target }) => target.matches(".post") && press(".when")());

// Not single letters, so they are not switched off with these: between the posts of a feed, as long as one has the focus.
mount(".feed", (feed) => feed.addEventListener("keydown", (event) => {
  const by = { PageDown: 1, PageUp: -1 }[event.key];
  if (!by || event.target.closest("textarea") || step(by) === false) return;
  event.preventDefault();
}));

// In a grid the arrows lead from photo to photo, up and down to the one that is nearest.

function neighbour(all, at, key) {
  const i = all.indexOf(at);
  const sign = getComputedStyle(at).direction === "rtl" ? -1 : 1;
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (key === "ArrowRight") return all[i + sign];
  if (key === "ArrowLeft") return all[i - sign];
  const box = at.getBoundingClientRect();
  const down = key === "ArrowDown";
  const middle = (each) => (each.left + each.right) / 2;
  const boxes = all.map((each) => [each, each.getBoundingClientRect()])
    .filter(([, each]) => (down ? each.top >= box.bottom - 1 : each.bottom <= box.top + 1));
  const row = down ? Math.min(...boxes.map(([, each]) => each.top)) : Math.max(...boxes.map(([, each]) => each.top));
  const near = boxes.filter(([, each]) => Math.abs(each.top - row) < 2);
  return near.sort(([, a], [, b]) => Math.abs(middle(a) - middle(box)) - Math.abs(middle(b) - middle(box)))[0]?.[0];
}

mount(".sheet, .justified", (grid) => grid.addEventListener("keydown", (event) => {
  if (!/^(Arrow\w+|Home|End)$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const found = neighbour([...grid.querySelectorAll(":scope > li > a")], event.target.closest("a"), event.key);
  if (!found) return;
  event.preventDefault();
  found.focus();
}));
