// Settings that are stored as soon as they are chosen, and the round cut of one's own picture.

import { Problem, mount, send, toast, word } from "./core.js";

// Switches and choices store themselves; the button is for whoever has no scripts.

const root = document.documentElement;

mount("form[data-autosave]", (form) => {
  form.querySelector(".form-end").hidden = true;
  let last = Promise.resolve();
  form.addEventListener("change", () => {
    // One after the other, so that the last choice is the one that stays.
    last = last.then(() => store(form));
  });
});

async function store(form) {
  const chosen = new FormData(form);
  try {
    const { data } = await send("POST", form.action, { form: new URLSearchParams(chosen) });
    show(chosen);
    toast({ text: data.said, seconds: 3 });
  } catch (error) {
    toast({ text: (error instanceof Problem && error.detail) || word("failed"), error: true });
  }
}

/** What was chosen holds for this page too. */
function show(chosen) {
  if (!chosen.has("text_size")) return;
  const set = (name, value) => (value ? (root.dataset[name] = value) : delete root.dataset[name]);
  const theme = chosen.get("theme"), size = chosen.get("text_size");
  set("theme", theme !== "auto" && theme);
  set("text", size !== "100" && size);
  set("motion", chosen.has("reduce_motion") && "reduce");
  set("singleKeys", !chosen.has("single_keys") && "off");
}

// The time zone of this device, where another one is set

mount("[data-zone]", (row) => {
  const select = document.getElementById(row.dataset.zone);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = [...select.options].some((option) => option.value === here);
  const tell = () => (row.hidden = !known || select.value === here);
  select.addEventListener("change", tell);
  row.querySelector("button").addEventListener("click", () => {
    select.value = here;
    select.focus();
    tell();
  });
  tell();
});

// The picture: what is seen in the round is what is sent.

const SIDE = 1024;

/** A picture under a fixed round frame: `zoom` in percent, `x` and `y` in percent of the room that is left. */
class RoundCut {
  constructor(image, canvas) {
    Object.assign(this, { image, canvas, zoom: 100, x: 50, y: 50 });
    canvas.width = canvas.height = SIDE;
    this.draw();
  }

  get scale() {
    return (SIDE / Math.min(this.image.naturalWidth, this.image.naturalHeight)) * (this.zoom / 100);
  }

  /** How far the picture reaches beyond the frame, in pixels of the frame. */
  get room() {
    return [this.image.naturalWidth * this.scale - SIDE, this.image.naturalHeight * this.scale - SIDE];
  }

  move(dx, dy) {
    const [wide, high] = this.room;
    const within = (value) => Math.min(100, Math.max(0, value));
    if (wide > 0) this.x = within(this.x - (dx / wide) * 100);
    if (high > 0) this.y = within(this.y - (dy / high) * 100);
    this.draw();
  }

  draw() {
    const { image, scale, room: [wide, high] } = this;
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.drawImage(
      image, (-wide * this.x) / 100, (-high * this.y) / 100, image.naturalWidth * scale, image.naturalHeight * scale);
  }

  file() {
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", 0.92));
  }
}

mount("[data-avatar]", (part) => {
  const form = part.querySelector("form[enctype]") ?? part.closest("form");
  const input = form.querySelector('input[type="file"]');
  const sliders = part.querySelector(".cut-round");
  const round = part.querySelector(".round");
  const before = [...round.childNodes];
  // The browser's own button speaks the browser's language; what it says of the file is said below.
  const label = form.querySelector(`label[for="${input.id}"]`);
  const name = Object.assign(document.createElement("bdi"), { className: "fine" });
  label.classList.add("btn", "default");
  label.after(name);
  input.parentElement.classList.add("pick");
  let cut;

  input.addEventListener("change", async () => {
    name.textContent = input.files[0]?.name ?? "";
    const image = new Image();
    image.src = input.files[0] ? URL.createObjectURL(input.files[0]) : "";
    try {
      await image.decode();
      cut = new RoundCut(image, document.createElement("canvas"));
    } catch {
      cut = undefined; // A kind that this browser does not show; the server cuts its middle.
    }
    round.replaceChildren(...(cut ? [cut.canvas] : before));
    round.classList.toggle("cutting", Boolean(cut));
    sliders.hidden = !cut;
    part.querySelector(".hint").hidden = Boolean(cut);
    for (const slider of sliders.querySelectorAll("input")) slider.value = slider.defaultValue;
  });

  sliders.addEventListener("input", ({ target }) => {
    cut[target.name] = Number(target.value);
    cut.draw();
  });

  round.addEventListener("pointerdown", (event) => {
    if (!cut) return;
    round.setPointerCapture(event.pointerId);
    const drag = ({ movementX, movementY }) => {
      const size = SIDE / round.clientWidth;
      cut.move(movementX * size, movementY * size);
      for (const name of ["x", "y"]) sliders.querySelector(`[name="${name}"]`).value = cut[name];
    };
    round.addEventListener("pointermove", drag);
    for (const name of ["pointerup", "pointercancel"])
      round.addEventListener(name, () => round.removeEventListener("pointermove", drag), { once: true });
  });

  form.addEventListener("submit", async (event) => {
    if (!cut) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.setAttribute("aria-busy", "true");
    const picture = new File([await cut.file()], "picture.jpg", { type: "image/jpeg" });
    if (!part.dataset.avatar) {
      cut = undefined;
      // The form has more than the picture: it goes on its way with what was cut in place of the file.
      const files = new DataTransfer();
      files.items.add(picture);
      input.files = files.files;
      form.requestSubmit();
      return;
    }
    const sent = new FormData();
    sent.append("file", picture);
    try {
      await send("PUT", part.dataset.avatar, { form: sent, seconds: 120 });
      location.reload();
    } catch (error) {
      toast({ text: error.detail || word("failed"), error: true });
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
});
