// Photos of a form: on their way to the server, three at a time, and as frames in which they are described and cut.

import { Problem, markup, percent, proof, say, send, warn, word } from "./core.js";

export const API = "/api/v1";
const AT_ONCE = 3;
const LOST_AGAIN_MS = [1_000, 4_000];
// The server gives each file two minutes. Where three at once took about that long, each goes alone from then on.
const SLOW_MS = 100_000;
const LOOK_MS = { first: 300, longest: 3_000, growth: 1.5 };
const SPEED_OVER_MS = 3_000;
// What another try can change: the connection, the server, its room. Any other refusal is about the file.
const PASSES = new Set([0, 401, 403, 408, 409, 429]);
const ROOM = new Set(["quota", "insufficient_storage"]);
const PREVIEW_PX = 1_080;
const TELL_EVERY_MS = 250;
// A wide picture and a tall one are drawn no wider or taller than these.
const NARROWEST = 0.4;
const WIDEST = 2.4;

const language = document.documentElement.lang;
const unit = (name, value, digits = 0) => new Intl.NumberFormat(language,
  { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);

// On their way

/**
 * One file. `state` is waiting, sending, checking, ready, duplicate, refused or failed; `reason` says why it is one of
 * the last two. `file` is what the server made of it.
 */
export class Upload {
  state = "waiting";
  reason = "";
  sent = 0;
  tries = 0;
  marks = [];
  once = newKey();

  constructor(blob, name = blob.name) {
    this.blob = blob;
    this.name = name;
    this.size = blob?.size ?? 0;
  }

  /** An upload that the server has had before this page was opened. */
  static known(file) {
    const made = new Upload(null, file.name);
    made.file = file;
    made.size = file.size;
    made.state = file.state === "ready" ? "ready" : file.state === "failed" ? "failed" : "checking";
    made.reason = file.error?.detail ?? "";
    return made;
  }

  get running() {
    return this.state === "waiting" || this.state === "sending";
  }

  /** Bytes per second over the last seconds, and how many seconds are left at that speed. */
  get pace() {
    const [from] = this.marks;
    const to = this.marks.at(-1);
    const speed = to && to.at > from.at ? ((to.sent - from.sent) * 1_000) / (to.at - from.at) : 0;
    return { speed, left: speed ? (this.size - this.sent) / speed : Infinity };
  }
}

const whenBack = new Set();

/**
 * Who was signed out can sign in on another page. Once this one is looked at again, it takes the proof of the new
 * session and calls `again`.
 */
export function onceSignedIn(again) {
  if (!whenBack.size) window.addEventListener("focus", lookForSession);
  whenBack.add(again);
}

async function lookForSession() {
  const page = await send("GET", "/new?start=new", { headers: { Accept: "text/html" } }).catch(() => null);
  const token = page && markup(page.data).querySelector('form[data-compose] [name="csrf"]')?.value;
  if (!token) return;
  window.removeEventListener("focus", lookForSession);
  document.querySelector('meta[name="csrf-token"]').content = token;
  for (const field of document.getElementsByName("csrf")) field.value = token;
  const goOn = [...whenBack];
  whenBack.clear();
  for (const again of goOn) again();
}

/** The queue. `changed(upload)` is called whenever something about one of them is new. */
export class Uploads {
  all = new Set();
  sending = 0;
  atOnce = AT_ONCE;
  looking = LOOK_MS.first;

  constructor(changed) {
    this.changed = changed;
    window.addEventListener("online", () => {
      for (const each of this.all) if (each.lost) this.retry(each);
    });
  }

  add(upload) {
    this.all.add(upload);
    this.changed(upload);
    if (upload.state === "checking") this.look();
    this.next();
  }

  remove(upload) {
    this.all.delete(upload);
    upload.request?.abort();
  }

  /** Once more: the whole file, or only what the server does with it. */
  async retry(upload) {
    upload.lost = false;
    if (!upload.file) {
      if (upload.state === "failed") upload.tries = 0;
      if (upload.state === "failed" || upload.state === "waiting") this.set(upload, "waiting");
      return this.next();
    }
    try {
      upload.file = (await send("POST", `${API}/files/${upload.file.id}/retry`)).data;
      this.set(upload, "checking");
      this.look();
    } catch (problem) {
      this.set(upload, "failed", problem.detail);
    }
  }

  set(upload, state, reason = "") {
    Object.assign(upload, { state, reason });
    this.changed(upload);
  }

  next() {
    for (const each of this.all) {
      if (this.sending >= this.atOnce) return;
      if (each.state === "waiting" && !each.lost) this.start(each);
    }
  }

  async start(upload) {
    this.sending += 1;
    upload.began = performance.now();
    upload.marks = [{ at: upload.began, sent: 0 }];
    upload.sent = 0;
    this.set(upload, "sending");
    try {
      upload.file = await this.transfer(upload);
      upload.blob = null;
      this.arrived(upload);
    } catch (problem) {
      if (this.all.has(upload)) this.refused(upload, problem);
    } finally {
      this.sending -= 1;
      this.next();
    }
  }

  /** Send the bytes. `fetch` cannot tell how far it is. Resolves to the File of the API; throws Problem. */
  transfer(upload) {
    return new Promise((resolve, reject) => {
      const request = (upload.request = new XMLHttpRequest());
      request.open("POST", `${API}/uploads`);
      const headers = { ...proof(), Accept: "application/json", "Content-Type": "application/octet-stream",
        "Upload-Name": encodeURIComponent(upload.name), "Idempotency-Key": upload.once };
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.responseType = "json";
      request.upload.onprogress = (event) => this.progress(upload, event.loaded);
      request.onload = () => {
        if (request.status === 201) return resolve(request.response);
        const again = new Headers({ "Retry-After": request.getResponseHeader("Retry-After") ?? "" });
        reject(new Problem(request.status, request.response ?? { detail: word("failed") }, again));
      };
      request.onerror = request.onabort = () => reject(new Problem(0, { detail: word("offline") }));
      request.send(upload.blob);
    });
  }

  progress(upload, sent) {
    const now = performance.now();
    upload.sent = Math.min(sent, upload.size);
    upload.marks.push({ at: now, sent: upload.sent });
    while (upload.marks.length > 2 && now - upload.marks[0].at > SPEED_OVER_MS) upload.marks.shift();
    this.changed(upload);
  }

  /** What is in a post already, or a second time among these, waits for a word of its author. */
  async arrived(upload) {
    const id = upload.file.duplicate_of;
    this.follow(upload);
    if (!id || upload.anyway) return;
    const here = [...this.all].find((each) => each !== upload && each.file?.id === id);
    const known = here?.file ?? (await send("GET", `${API}/files/${id}`).catch(() => ({}))).data;
    if (!this.all.has(upload) || !(here || known?.post_id)) return;
    upload.twin = { here, href: `/p/${known.post_id}` };
    this.set(upload, "duplicate");
  }

  /** Take a file that the server has already, and wait until it can be seen. */
  follow(upload) {
    this.set(upload, upload.file.state === "ready" ? "ready" : "checking");
    this.look();
  }

  refused(upload, problem) {
    const slow = problem.status === 408 || (problem.status === 0 && performance.now() - upload.began > SLOW_MS);
    if (slow && this.atOnce > 1) this.atOnce = 1;
    if (slow && upload.tries < LOST_AGAIN_MS.length) {
      upload.tries += 1;
      return this.set(upload, "waiting");
    }
    // The key makes the server answer with what it has, if only its answer was lost; or say that it is still at it.
    const lost = problem.status === 0 || problem.code === "idempotency_in_progress";
    if (lost && upload.tries < LOST_AGAIN_MS.length) {
      upload.lost = true;
      this.set(upload, "waiting", problem.detail);
      setTimeout(() => { if (upload.lost && this.all.has(upload)) this.retry(upload); }, LOST_AGAIN_MS[upload.tries]);
      upload.tries += 1;
      return;
    }
    const passes = PASSES.has(problem.status) || problem.status >= 500 || ROOM.has(problem.code);
    upload.lost = problem.status === 0;
    const reason = problem.status === 429 ? tooMany(problem) : reasonOf(problem);
    this.set(upload, passes ? "failed" : "refused", reason);
    if (problem.status === 401 || problem.code === "csrf") onceSignedIn(() => this.retry(upload));
    // Those behind it would be told the same, after all their bytes were sent.
    if (problem.status === 429)
      for (const each of this.all) if (each.state === "waiting") this.set(each, "failed", reason);
  }

  /** Ask how far the server is with what it has, again and again until it is done with all. */
  look() {
    this.looking = LOOK_MS.first;
    this.timer ??= setTimeout(() => this.ask(), this.looking);
  }

  async ask() {
    const open = [...this.all].filter((each) => each.state === "checking");
    try {
      // One question for many: they are the newest files that there are.
      const files = open.length > 2 ? (await send("GET", `${API}/files?limit=50`)).data.items
        : await Promise.all(open.map(async (each) => (await send("GET", `${API}/files/${each.file.id}`)).data));
      for (const upload of open) this.seen(upload, files.find((each) => each.id === upload.file.id));
    } catch (problem) {
      if (problem.status === 404) for (const upload of open) this.set(upload, "failed", problem.detail);
    }
    this.timer = undefined;
    if (![...this.all].some((each) => each.state === "checking")) return;
    this.looking = Math.min(LOOK_MS.longest, this.looking * LOOK_MS.growth);
    this.timer = setTimeout(() => this.ask(), this.looking);
  }

  seen(upload, file) {
    if (!file || upload.state !== "checking") return;
    upload.file = file;
    if (file.state === "ready") this.set(upload, "ready");
    if (file.state === "failed") this.set(upload, "failed", file.error?.detail ?? "");
  }
}

/** The server's sentence, exactly; but who was signed out is told what becomes of this page. */
export const reasonOf = (problem) => problem.status === 401 ? word("signed_out") :
  [problem.detail, ...problem.errors.map((each) => each.detail)].filter(Boolean).join(" ") || word("failed");

/** A wait is told as a time of day. */
function tooMany(problem) {
  const when = new Date(Date.now() + problem.retryAfter * 1_000 + 59_000);
  return word("too_many", { time: when.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" }) });
}

/** A UUID. `crypto.randomUUID` is missing where a page comes over plain http, as in a home network. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// What a picture begins with. The server decides; this only spares sending what it would refuse.
const KINDS = [/^\xff\xd8\xff/, /^\x89PNG/, /^RIFF....WEBP/s, /^GIF8/, /^....ftyp(hei|hev|mif|msf|avi|mia)/s];

/** Why a file cannot be a photo here, as the name of a word; nothing if it may be one. */
export async function fault(blob, mostBytes) {
  if (!blob.size) return "empty";
  if (blob.size > mostBytes) return "too_large";
  try {
    const head = String.fromCharCode(...new Uint8Array(await blob.slice(0, 16).arrayBuffer()));
    return KINDS.some((kind) => kind.test(head)) ? "" : "unsupported";
  } catch {
    return "unreadable";  // a folder, or gone since it was chosen
  }
}

/** `Uploading 43% (1.2 MB/s, 6 s left)`. */
function onTheWay(upload) {
  const share = percent(upload.size ? upload.sent / upload.size : 0);
  const { speed, left } = upload.pace;
  if (!speed || !Number.isFinite(left)) return word("state_sending", { share });
  const pace = speed < 100_000 ? unit("kilobyte-per-second", speed / 1_000) : unit("megabyte-per-second", speed / 1_000_000, 1);
  return word("state_pace", { share, pace,
    left: left < 90 ? unit("second", Math.ceil(left)) : unit("minute", Math.ceil(left / 60)) });
}

// Pictures

let busy = Promise.resolve();

/** A small picture of a file, with the shape of the whole. One is made after the other: photographs are large once opened. */
function preview(blob) {
  const made = busy.then(async () => {
    // Made smaller where it is decoded, which is not where pages are drawn.
    const bitmap = await createImageBitmap(blob, { resizeWidth: PREVIEW_PX, resizeQuality: "medium" });
    const { width, height } = bitmap;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const drawing = canvas.getContext("2d");
    drawing.fillStyle = "#fff";
    drawing.fillRect(0, 0, width, height);
    drawing.drawImage(bitmap, 0, 0);
    bitmap.close();
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    return { url: URL.createObjectURL(small), width, height };
  });
  // What this browser cannot open, the server may.
  return (busy = made.catch(() => null));
}

/** The server's picture of a file: the smallest that is at least so many pixels wide. */
function rendition(file, wide) {
  const usual = (file?.renditions ?? []).filter((each) => each.type !== "image/avif").sort((a, b) => a.width - b.width);
  // The session shows it; what the address grants would end while the page is open.
  return (usual.find((each) => each.width >= wide) ?? usual.at(-1))?.url.split("?")[0];
}

/** Take away what pages without scripts need, and reveal what only scripts can do. */
export function enliven(element) {
  for (const each of element.querySelectorAll("[data-plain]")) each.remove();
  for (const each of element.querySelectorAll("[data-live]")) {
    each.hidden = false;
    each.classList.remove("soon");
  }
}

// In the form

/** A photo with its fields. The fields are the state: what is drafted and posted is read from them. */
export class Frame {
  constructor(page, element, upload) {
    Object.assign(this, { page, element, upload });
    enliven(element);
    this.state = element.querySelector(".state");
    this.bar = element.querySelector("progress");
    this.note = element.querySelector(".shot-note");
    this.alt = element.querySelector("textarea");
    element.querySelector(".shot-name bdi").textContent = this.bar.ariaLabel = upload.name;
    for (const button of element.querySelectorAll("[data-act]"))
      button.addEventListener("click", (event) => { event.preventDefault(); this.act(button.dataset.act); });
    const thumb = element.querySelector(".shot-thumb");
    thumb.addEventListener("dragstart", (event) => event.preventDefault());
    thumb.addEventListener("pointerdown", (event) => event.button || this.grab(event));
    this.draw();
    this.cut(read(element.dataset.crop));
    if (upload.blob) preview(upload.blob).then((made) => { this.local = made; this.look(); });
  }

  /** The box that shows the cut: the whole picture, turned, lies behind it as behind a window. */
  draw() {
    this.element.querySelector(".window")?.remove();
    this.turned = document.createElement("div");
    this.turned.className = "turned";
    this.element.querySelector(".frame").replaceChildren(this.turned);
  }

  /** Width and height of the whole picture, upright. */
  get size() {
    const { width, height } = this.upload.file?.facts ?? {};
    return width ? { width, height } : this.local ?? { width: 1, height: 1 };
  }

  /** What the form says of the photo, as the API takes it. */
  get told() {
    return { upload_id: this.upload.file.id, alt: this.alt.value, crop: this.crop ?? null };
  }

  /** Whether it can be in a post once it has arrived. */
  get good() {
    return this.upload.running || this.upload.state === "checking" || this.upload.state === "ready";
  }

  field(name) {
    let found = this.element.querySelector(`[data-field="${name}"]`);
    if (!found) {
      found = Object.assign(document.createElement("input"), { type: "hidden" });
      found.dataset.field = name;
      this.element.append(found);
    }
    return found;
  }

  /** Show the best picture that there is; the old one stays until the new one can be drawn. */
  look() {
    const { file, state } = this.upload;
    const url = (state !== "failed" && rendition(file, 640)) || this.local?.url
      || (file?.lqip && `data:image/webp;base64,${file.lqip}`);
    this.cut(this.crop);
    if (!url || url === this.shown) return;
    this.shown = url;
    const next = Object.assign(new Image(), { alt: "", src: url });
    next.decode().then(() => {
      if (this.shown === url) this.turned.replaceChildren(next);
    }, () => {});
  }

  /** Cut the photo; undefined leaves it whole. The frame shows the result, the fields say it. */
  cut(crop) {
    this.crop = crop;
    const { rotate, ...part } = { x: 0, y: 0, width: 1, height: 1, rotate: 0, ...crop };
    this.field("ratio").value = crop ? "free" : "original";
    this.field("turn").value = rotate;
    this.field("crop").value = crop ? [part.x, part.y, part.width, part.height].join() : "";
    const sideways = rotate % 180 !== 0;
    const own = sideways ? this.size.height / this.size.width : this.size.width / this.size.height;
    const shape = (part.width / part.height) * own;
    const drawn = Math.min(WIDEST, Math.max(NARROWEST, shape));
    // Of a panorama the middle is drawn.
    for (const [start, side, share] of [["x", "width", Math.min(1, drawn / shape)], ["y", "height", Math.min(1, shape / drawn)]]) {
      part[start] += (part[side] * (1 - share)) / 2;
      part[side] *= share;
    }
    this.element.style.setProperty("--shape", drawn);
    Object.assign(this.turned.style, { left: `${(-part.x / part.width) * 100}%`, top: `${(-part.y / part.height) * 100}%`,
      width: `${100 / part.width}%`, height: `${100 / part.height}%` });
    this.turned.dataset.turn = rotate;
    this.element.querySelector('[data-act="crop"]').ariaPressed = String(Boolean(crop));
  }

  /** Say in words and colours what has become of the file. */
  tell() {
    const { upload, element, note } = this;
    const { state, file } = upload;
    const before = element.dataset.state;
    if (state === "sending" && before === state && performance.now() - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = performance.now();
    element.dataset.state = state;
    this.state.textContent = state === "sending" ? onTheWay(upload) : word(`state_${state}`);
    this.bar.hidden = state !== "sending";
    this.bar.value = upload.size ? (upload.sent / upload.size) * 100 : 0;
    if (before === state && state !== "waiting") return;
    // Once the server has the file, the fields are called by its id, as without scripts.
    element.querySelector('[name="photo"]').value = file?.id ?? "";
    if (file) for (const name of ["alt", "ratio", "turn", "crop"])
      (name === "alt" ? this.alt : this.field(name)).name = `${name}-${file.id}`;
    note.hidden = !upload.reason && state !== "duplicate";
    note.querySelector("p").textContent = upload.reason;
    note.querySelector('[data-act="retry"]').hidden = state !== "failed" && !upload.lost;
    note.querySelector('[data-act="anyway"]').hidden = state !== "duplicate";
    this.alt.disabled = state === "refused";
    for (const each of element.querySelectorAll(".shot-words, .shot-acts")) each.hidden = state === "refused";
    if (state === "duplicate") this.linkTo(note.querySelector("p"));
    if (before && before !== state) this.announce();
    this.look();
  }

  announce() {
    const { state, name, reason } = this.upload;
    if (state === "ready" || state === "duplicate") say(word("said", { name, what: word(`state_${state}`) }));
    if (state === "failed" || state === "refused") warn(word("said", { name, what: `${word(`state_${state}`)}. ${reason}` }));
  }

  /** Lead to the same picture where it is already: another frame, or its post. */
  linkTo(place) {
    const { here, href } = this.upload.twin;
    const frame = this.page.frames.find((each) => each.upload === here);
    const link = Object.assign(document.createElement("a"), { textContent: word("see_it"), href: frame ? `#${frame.element.id}` : href });
    // Nobody should have to leave what is written here.
    if (!frame) link.target = "_blank";
    place.replaceChildren(link);
  }

  /** Let it be taken to another place. */
  async grab(event) {
    const all = this.page.frames;
    if (all.length < 2) return;
    const { drag } = await import("./drag.js");
    drag(event, this.element, all.map((each) => each.element), (by) => this.page.move(this, by));
  }

  act(name) {
    if (name === "retry") this.page.uploads.retry(this.upload);
    if (name === "remove") this.page.remove(this);
    if (name === "earlier" || name === "later") this.page.move(this, name === "later" ? 1 : -1);
    if (name === "crop") this.ask();
    if (name === "anyway") {
      this.upload.anyway = true;
      this.alt.focus();
      this.page.uploads.follow(this.upload);
      this.page.edited();
    }
  }

  /** Let the cut be chosen in a dialog. */
  async ask() {
    const url = rendition(this.upload.file, PREVIEW_PX) ?? this.local?.url;
    if (!url) return say(word("no_picture"));
    const { choose } = await import("./crop.js");
    const chosen = await choose({ url, ...this.size, crop: this.crop, title: word("crop", { position: this.position }) });
    if (chosen === undefined) return;
    this.cut(chosen ?? undefined);
    this.page.edited();
  }

  /** Its number in the form, which labels and buttons say. */
  at(position, total) {
    this.position = position;
    this.element.querySelector(".shot-words label > span").textContent = word(total > 1 ? "alt_of" : "alt", { position });
    for (const act of ["remove", "crop", "earlier", "later"])
      this.element.querySelector(`[data-act="${act}"]`).ariaLabel = word(act, { position });
    for (const [act, end] of [["earlier", 1], ["later", total]]) {
      const button = this.element.querySelector(`[data-act="${act}"]`);
      button.hidden = total < 2;
      button.ariaDisabled = String(position === end);
    }
  }
}

/** A cut as the page has it: `x,y,width,height,rotate`. */
function read(text) {
  const [x, y, width, height, rotate] = (text || "").split(",").map(Number);
  return height ? { x, y, width, height, rotate } : undefined;
}
