// The photos of a post over the whole screen. Loaded at the first press on one.

import { percent } from "./core.js";
import { calm } from "./post.js";

const STEP = 1.5;
const PAN = 80;
const SWIPE = 60;

/** One dialog for all photos: each is a link to its largest size, with the picture that the page shows inside. */
class Viewer {
  constructor(links) {
    this.links = links;
    document.body.append(document.getElementById("viewer").content.cloneNode(true));
    this.dialog = document.querySelector("dialog.viewer");
    this.room = this.dialog.querySelector(".viewer-room");
    this.photo = this.room.querySelector("img");
    this.alt = this.dialog.querySelector(".viewer-alt");
    this.told = this.dialog.querySelector("[aria-live]");
    this.downloads = [...this.dialog.querySelectorAll("[download]")];
    this.button = (name) => this.dialog.querySelector(`[data-do="${name}"]`);
    this.dialog.addEventListener("click", ({ target }) => this.do(target.closest("[data-do]")?.dataset.do));
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => this.leave());
    this.photo.addEventListener("dblclick", (event) => this.whole(event));
    this.room.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(this.width * (event.deltaY < 0 ? 1.1 : 1 / 1.1), event);
    });
    this.drag();
    this.touch();
    new ResizeObserver(() => this.dialog.open && this.zoom(this.fits ? 0 : this.width)).observe(this.room);
  }

  open(at) {
    this.dialog.showModal();
    this.show(at);
    this.room.focus();
  }

  show(at) {
    const link = this.links[at];
    if (!link) return;
    this.at = at;
    const small = link.querySelector("img.im");
    const large = new Image();
    large.src = link.href;
    // What the page has already is seen until the large one is there.
    this.photo.src = small.currentSrc || small.src;
    this.photo.alt = small.alt;
    this.natural = Number(small.getAttribute("width")) || small.naturalWidth;
    this.ratio = this.natural / small.getAttribute("height") || 1;
    large.decode().then(() => {
      if (this.at !== at) return;
      this.photo.src = large.src;
      this.natural = large.naturalWidth;
      this.ratio = large.naturalWidth / large.naturalHeight;
      this.zoom(this.fits ? 0 : this.width);
    }, () => {});
    const total = this.links.length;
    const count = this.dialog.querySelector(".count");
    count.textContent = total > 1 ? `${at + 1} / ${total}` : "";
    this.told.textContent = total > 1 ? link.closest(".slide")?.ariaLabel ?? "" : "";
    this.alt.textContent = link.parentElement.querySelector(".alt-note p")?.textContent ?? "";
    this.button("alt").hidden = !this.alt.textContent;
    if (!this.alt.textContent) this.alt.hidden = true;
    for (const [name, by] of [["back", -1], ["on", 1]]) {
      this.button(name).hidden = total < 2;
      this.button(name).ariaDisabled = String(!this.links[at + by]);
    }
    this.downloads.forEach((each, i) => (each.hidden = i !== at));
    this.zoom(0);
  }

  // Size

  /** How wide the photo is drawn when all of it is seen, in CSS pixels; it is never blown up for that. */
  get fit() {
    return Math.min(this.room.clientWidth, this.room.clientHeight * this.ratio, Math.max(this.full, 320));
  }

  /** How wide it is when one of its points is one of the screen. */
  get full() {
    return this.natural / devicePixelRatio;
  }

  get fits() {
    return this.width <= this.fit + 1;
  }

  /** Draw it `width` wide, with the point under `at` (or the middle) staying where it is. */
  zoom(width, at) {
    const { room, photo } = this;
    const box = room.getBoundingClientRect();
    const [x, y] = at ? [at.clientX - box.left, at.clientY - box.top] : [box.width / 2, box.height / 2];
    const old = photo.getBoundingClientRect();
    const [partX, partY] = [(box.left + x - old.left) / (old.width || 1), (box.top + y - old.top) / (old.height || 1)];
    this.width = Math.min(Math.max(width, this.fit), Math.max(2 * this.full, 3 * this.fit));
    photo.style.inlineSize = `${this.width}px`;
    photo.style.blockSize = `${this.width / this.ratio}px`;
    const now = photo.getBoundingClientRect();
    room.scrollBy({ left: now.left + partX * now.width - box.left - x, top: now.top + partY * now.height - box.top - y, behavior: "instant" });
    this.dialog.querySelector("[data-percent]").textContent = percent(this.width / this.full);
    this.dialog.classList.toggle("zoomed", !this.fits);
    this.button("out").ariaDisabled = String(this.fits);
  }

  /** All of it, or one point of it for each point of the screen; where these are nearly the same, twice that. */
  whole(at) {
    this.zoom(!this.fits ? 0 : this.full > 1.2 * this.fit ? this.full : 2 * this.fit, at);
  }

  // What is pressed

  do(name) {
    const { [name]: act } = {
      close: () => this.dialog.close(),
      in: () => this.zoom(this.width * STEP),
      out: () => this.zoom(this.width / STEP),
      whole: () => this.whole(),
      back: () => this.show(this.at - 1),
      on: () => this.show(this.at + 1),
      alt: () => {
        this.alt.hidden = !this.alt.hidden;
        this.button("alt").ariaExpanded = String(!this.alt.hidden);
      },
    };
    act?.();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const name = { "+": "in", "=": "in", "-": "out" }[event.key];
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const upright = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (name) this.do(name);
    else if (event.key === "0") this.zoom(0);
    else if (sideways && this.fits) this.show(this.at + sideways * (getComputedStyle(this.dialog).direction === "rtl" ? -1 : 1));
    else if (sideways || upright) this.room.scrollBy({ left: PAN * (sideways ?? 0), top: PAN * (upright ?? 0), behavior: calm() ? "instant" : "smooth" });
    else return;
    event.preventDefault();
  }

  /** With a mouse a large photo is moved by its middle. */
  drag() {
    const { room } = this;
    let from;
    room.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button || this.fits) return;
      event.preventDefault();
      room.focus();
      from = { x: event.clientX + room.scrollLeft, y: event.clientY + room.scrollTop };
      room.setPointerCapture(event.pointerId);
    });
    room.addEventListener("pointermove", (event) => {
      if (from) room.scrollTo({ left: from.x - event.clientX, top: from.y - event.clientY, behavior: "instant" });
    });
    for (const end of ["pointerup", "pointercancel"]) room.addEventListener(end, () => (from = undefined));
  }

  /** With fingers: two change the size, one moves a large photo (the room scrolls), or leads to the next one. */
  touch() {
    const { room } = this;
    let pinch, swipe;
    const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    room.addEventListener("touchstart", ({ touches }) => {
      pinch = touches.length === 2 ? { apart: apart(touches), width: this.width } : undefined;
      swipe = touches.length === 1 && this.fits ? touches[0] : undefined;
    }, { passive: true });
    room.addEventListener("touchmove", (event) => {
      if (!pinch || event.touches.length !== 2) return;
      event.preventDefault();
      const [a, b] = event.touches;
      this.zoom((pinch.width * apart([a, b])) / pinch.apart, { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
    }, { passive: false });
    room.addEventListener("touchend", ({ changedTouches: [end], touches }) => {
      if (touches.length) return;
      const moved = swipe ? end.clientX - swipe.clientX : 0;
      const fallen = swipe ? end.clientY - swipe.clientY : 0;
      swipe = pinch = undefined;
      const sign = getComputedStyle(this.dialog).direction === "rtl" ? -1 : 1;
      if (Math.abs(moved) > Math.max(SWIPE, Math.abs(fallen))) this.show(this.at - sign * Math.sign(moved));
    }, { passive: true });
  }

  /** Back to the photo that was seen last. */
  leave() {
    this.links[this.at].closest(".slide")?.removeAttribute("inert");
    this.links[this.at].scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    this.links[this.at].focus({ preventScroll: true });
  }
}

let viewer;

/** Show the photo that `link` leads to; `links` are all of the post. */
export function view(links, link) {
  viewer ??= new Viewer(links);
  viewer.links = links;
  viewer.open(links.indexOf(link));
}
