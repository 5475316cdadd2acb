// Choosing the part of a photo to keep: a frame of the wanted shape stands still, the picture moves behind it.
// Dragging, pinching, the wheel, sliders and arrow keys all move the same four numbers.

import { percent } from "./core.js";

const RATIOS = { original: 0, "1:1": 1, "4:5": 0.8, "3:2": 1.5, "16:9": 16 / 9 };
const MOST_ZOOM = 5;
// The server keeps at least a fiftieth of each side.
const LEAST_PART = 0.021;
const ALIKE = 0.01;
const MARGIN_PX = 32;
const KEYS = {
  ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1],
  "+": ["zoom", 1], "=": ["zoom", 1], "-": ["zoom", -1],
};

/**
 * Ask for a cut of the picture at `url`, `width` by `height` pixels upright. Resolves to the fractions `{x, y, width,
 * height, rotate}` of the turned picture, to null for the whole picture, to undefined when nothing is to change.
 */
export function choose({ url, width, height, crop, title }) {
  const dialog = document.getElementById("crop").content.firstElementChild.cloneNode(true);
  const opener = document.activeElement;
  return new Promise((resolve) => {
    dialog.querySelector("h2").textContent = title;
    document.body.append(dialog);
    const cutting = new Cutting(dialog, url, { width, height }, crop);
    let chosen;
    for (const button of dialog.querySelectorAll("[data-end]"))
      button.addEventListener("click", () => { chosen = button.dataset.end === "done" ? cutting.crop : undefined; dialog.close(); });
    dialog.addEventListener("close", () => {
      cutting.end();
      dialog.remove();
      opener?.focus();
      resolve(chosen);
    });
    dialog.showModal();
    cutting.show();
  });
}

class Cutting {
  constructor(dialog, url, whole, crop) {
    Object.assign(this, { dialog, whole, zoom: 1, x: 0.5, y: 0.5, rotate: crop?.rotate ?? 0, shape: "original" });
    this.stage = dialog.querySelector(".crop-stage");
    this.window = dialog.querySelector(".crop-window");
    this.turned = dialog.querySelector(".turned");
    this.turned.querySelector("img").src = url;
    this.fields = Object.fromEntries([...dialog.querySelectorAll("input[type=range]")].map((each) => [each.name, each]));
    this.shapes = [...dialog.querySelectorAll("input[type=radio]")];
    this.pointers = new Map();
    if (crop) this.read(crop);
    this.listen();
    this.resized = new ResizeObserver(() => this.show());
    this.resized.observe(this.stage);
  }

  end() { this.resized.disconnect(); }

  /** Width by height of the picture as it is turned. */
  get own() {
    const { width, height } = this.whole;
    return this.rotate % 180 ? height / width : width / height;
  }

  /** Width by height of the frame; `shape` is one of the offered, or a number that came from elsewhere. */
  get ratio() { return typeof this.shape === "number" ? this.shape : RATIOS[this.shape] || this.own; }

  /** The parts of both sides that the frame shows without zoom. */
  get base() { return { width: Math.min(1, this.ratio / this.own), height: Math.min(1, this.own / this.ratio) }; }

  get mostZoom() { return Math.max(1, Math.min(MOST_ZOOM, this.base.width / LEAST_PART, this.base.height / LEAST_PART)); }

  /** What the frame shows, in fractions of the turned picture. `x` and `y` tell how far along its way it is. */
  get part() {
    const width = this.base.width / this.zoom;
    const height = this.base.height / this.zoom;
    return { x: this.x * (1 - width), y: this.y * (1 - height), width, height };
  }

  get crop() {
    const { part } = this;
    if (part.width > 0.9999 && part.height > 0.9999 && !this.rotate) return null;
    for (const name of Object.keys(part)) part[name] = Math.round(part[name] * 1e6) / 1e6;
    return { ...part, rotate: this.rotate };
  }

  read({ x, y, width, height }) {
    const shape = (width * this.own) / height;
    this.shape = Object.keys(RATIOS).find((name) => Math.abs(shape / (RATIOS[name] || this.own) - 1) < ALIKE) ?? shape;
    this.zoom = clamp(this.base.width / width, 1, this.mostZoom);
    this.place(x, y);
  }

  place(left, top) {
    const { width, height } = this.part;
    this.x = width < 0.9999 ? clamp(left / (1 - width), 0, 1) : 0.5;
    this.y = height < 0.9999 ? clamp(top / (1 - height), 0, 1) : 0.5;
  }

  /** Do `work`, which makes the frame larger or smaller, so that its point `at` shows the same as before. */
  around(work, at = { x: 0.5, y: 0.5 }) {
    const before = this.part;
    work();
    this.zoom = clamp(this.zoom, 1, this.mostZoom);
    const after = this.part;
    this.place(before.x + (before.width - after.width) * at.x, before.y + (before.height - after.height) * at.y);
    this.show();
  }

  zoomTo(zoom, at) { this.around(() => { this.zoom = zoom; }, at); }

  move(right, down) {
    const { x, y } = this.part;
    this.place(x + right, y + down);
    this.show();
  }

  turn() {
    const { x, y, width, height } = this.part;
    this.rotate = (this.rotate + 90) % 360;
    this.zoom = clamp(this.zoom, 1, this.mostZoom);
    // Clockwise: what was at the bottom is at the left now.
    this.place(1 - (y + height / 2) - this.part.width / 2, x + width / 2 - this.part.height / 2);
    this.show();
  }

  listen() {
    const { stage, dialog } = this;
    for (const [name, field] of Object.entries(this.fields)) {
      field.addEventListener("input", () => this.slide(name, field.value / 100));
      field.addEventListener("keydown", (event) => this.press(event, name));
    }
    for (const radio of this.shapes)
      radio.addEventListener("change", () => this.around(() => { this.shape = radio.value; }));
    dialog.querySelector("[data-turn-by]").addEventListener("click", () => this.turn());
    dialog.querySelector("[data-reset]").addEventListener("click", () => {
      Object.assign(this, { rotate: 0, shape: "original", zoom: 1, x: 0.5, y: 0.5 });
      this.show();
    });
    stage.addEventListener("keydown", (event) => this.press(event));
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomTo(this.zoom * Math.exp(-event.deltaY / 400), this.inside(event));
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, event);
    });
    stage.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"])
      stage.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
  }

  /** Put a slider at a share of its way. */
  slide(name, share) {
    if (name === "zoom") return this.zoomTo(1 + clamp(share, 0, 1) * (this.mostZoom - 1));
    this[name] = clamp(share, 0, 1);
    this.show();
  }

  share(name) { return name !== "zoom" ? this[name] : this.mostZoom > 1 ? (this.zoom - 1) / (this.mostZoom - 1) : 0; }

  /** Arrow keys go a hundredth of the way, with Shift a tenth. `slider` is the one that they were pressed on. */
  press(event, slider) {
    const [axis, sign] = KEYS[event.key] ?? [];
    if (!axis || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const target = axis === "zoom" ? axis : slider ?? axis;
    // As on every slider up means more, but not on the one whose way goes down.
    const way = axis === "y" && target !== "y" ? -sign : sign;
    this.slide(target, this.share(target) + (way * (event.shiftKey ? 10 : 1)) / 100);
  }

  /** Where a pointer is inside the frame, as fractions of it. */
  inside({ clientX, clientY }) {
    const box = this.window.getBoundingClientRect();
    return { x: clamp((clientX - box.left) / box.width, 0, 1), y: clamp((clientY - box.top) / box.height, 0, 1) };
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    this.pointers.set(event.pointerId, event);
    const [other] = [...this.pointers.values()].filter((each) => each.pointerId !== event.pointerId);
    if (other) {
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      this.zoomTo((this.zoom * apart(event)) / apart(before), this.inside(middle));
    }
    const box = this.window.getBoundingClientRect();
    const { width, height } = this.part;
    // Of two fingers each moves what is between them by half.
    const by = other ? -0.5 : -1;
    this.move(((by * (event.clientX - before.clientX)) / box.width) * width, ((by * (event.clientY - before.clientY)) / box.height) * height);
  }

  show() {
    const { part, ratio } = this;
    const room = this.stage.getBoundingClientRect();
    const wide = Math.max(1, Math.min(room.width - MARGIN_PX, (room.height - MARGIN_PX) * ratio));
    Object.assign(this.window.style, { width: `${wide}px`, height: `${wide / ratio}px` });
    Object.assign(this.turned.style, { width: `${100 / part.width}%`, height: `${100 / part.height}%`,
      left: `${(-part.x / part.width) * 100}%`, top: `${(-part.y / part.height) * 100}%` });
    this.turned.dataset.turn = this.rotate;
    const can = { zoom: this.mostZoom > 1, x: part.width < 0.9999, y: part.height < 0.9999 };
    for (const [name, field] of Object.entries(this.fields)) {
      field.value = this.share(name) * 100;
      field.disabled = !can[name];
      field.setAttribute("aria-valuetext", percent(this.share(name)));
    }
    for (const radio of this.shapes) radio.checked = radio.value === this.shape;
  }
}

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
