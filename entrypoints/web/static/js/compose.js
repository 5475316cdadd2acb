// The page for a new post: photos are sent as soon as they are chosen, described and cut meanwhile, and kept as a draft.
// The form stays the one that works without scripts; what is drafted and posted is read from its fields.

import { key, mount, number, say, send, toast, wake, word } from "./core.js";
import { API, Frame, Upload, Uploads, enliven, fault, newKey, onceSignedIn, reasonOf } from "./photos.js";

const BLANK = /00000000-0000-0000-0000-000000000000/g;
const SAVE_AFTER_MS = 2_000;
const SAVE_AGAIN_MS = 10_000;
const UNDO_SECONDS = 8;

const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const clock = (moment) => moment.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });

class Compose {
  constructor(form) {
    this.form = form;
    this.list = form.querySelector(".shots");
    this.chooser = form.elements.photos;
    this.button = form.querySelector('[value="post"]:not([data-plain])');
    this.end = this.button.closest(".form-end");
    this.most = Number(form.dataset.photos);
    this.uploads = new Uploads((upload) => this.told(upload));
    enliven(form);
    form.dataset.live = "";
    this.adopt();
    this.listen();
    this.draft = new Draft(this);
    this.tidy();
    this.renew();
    this.carried();
  }

  /** Take over the photos that the server wrote into the page. */
  adopt() {
    this.frames = [];
    for (const element of [...this.list.children]) this.put(Upload.known(JSON.parse(element.dataset.file)), element);
  }

  listen() {
    const { form, chooser } = this;
    chooser.required = false;
    chooser.addEventListener("change", () => { this.add([...chooser.files]); chooser.value = ""; });
    form.addEventListener("input", () => this.edited());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // Enter in a line of text is no wish to post.
      if (document.activeElement?.type === "text") return;
      if (event.submitter === this.button) this.post();
      else this.hand(event.submitter);
    });
    document.getElementById("start-new")?.addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("continue").remove();
      chooser.focus();
    });
    key("mod+Enter", () => document.querySelector("dialog[open]") ? false : void this.post());
    this.placeable();
    document.addEventListener("hg:files", (event) => { event.preventDefault(); this.add(event.detail); });
    for (const name of ["caption", "place"])
      form.elements[name].addEventListener("focus", () => import("./suggest.js"), { once: true });
    window.addEventListener("beforeunload", (event) => {
      if (!this.done && this.running.length) event.preventDefault();
    });
    window.addEventListener("pagehide", () => this.done || this.draft.leave());
    document.addEventListener("visibilitychange", () => document.hidden && !this.done && this.draft.leave());
  }

  placeable() {
    const { place } = this.form.elements;
    this.noPlace = fresh("remove-place");
    this.noPlace.addEventListener("click", () => { place.value = ""; this.edited(); place.focus(); });
    place.after(this.noPlace);
  }

  /** What was dropped or pasted on another page. */
  async carried() {
    const address = new URL(location.href);
    if (!address.searchParams.has("carried")) return;
    address.searchParams.delete("carried");
    history.replaceState(null, "", address);
    const { take } = await import("./drop.js");
    this.add(await take());
  }

  // Photos

  get good() { return this.frames.filter((frame) => frame.good); }
  get stuck() { return this.frames.filter((frame) => !frame.good); }
  get running() { return this.frames.filter((frame) => frame.upload.running); }
  get bare() { return this.good.filter((frame) => !frame.alt.value.trim()); }

  put(upload, element = this.blank()) {
    const frame = new Frame(this, element, upload);
    this.frames.push(frame);
    this.list.append(element);
    wake(element);
    this.uploads.add(upload);
  }

  blank() {
    const template = document.createElement("template");
    template.innerHTML = document.getElementById("shot").innerHTML.replace(BLANK, newKey());
    return template.content.firstElementChild;
  }

  /** What cannot be a photo here is not even sent, and told so in the words of the server. */
  async add(files) {
    const { mb, formats } = this.form.dataset;
    const faults = await Promise.all(files.map((blob) => fault(blob, mb * 2 ** 20)));
    files.forEach((blob, i) => {
      const upload = new Upload(blob);
      const found = this.good.length < this.most ? faults[i] : "too_many_photos";
      if (found) Object.assign(upload, { state: "refused", reason: word(found, { limit: this.most, limit_mb: mb, formats }) });
      this.put(upload);
    });
    this.tidy();
    this.edited();
  }

  remove(frame) {
    const at = this.frames.indexOf(frame);
    const { upload, element } = frame;
    this.frames.splice(at, 1);
    element.remove();
    this.uploads.remove(upload);
    this.tidy();
    this.edited();
    (this.frames[Math.min(at, this.frames.length - 1)]?.element.querySelector('[data-act="remove"]') ?? this.chooser).focus();
    if (upload.state === "refused") return;
    toast({
      text: word("removed", { name: upload.name }),
      seconds: UNDO_SECONDS,
      action: { label: word("undo"), run: () => this.bringBack(frame, at) },
      gone: () => { if (upload.file) send("DELETE", `${API}/files/${upload.file.id}`).catch(() => {}); },
    });
  }

  bringBack(frame, at) {
    const { upload, element } = frame;
    this.list.insertBefore(element, this.frames[at]?.element ?? null);
    this.frames.splice(at, 0, frame);
    if (!upload.file && upload.state !== "failed") upload.state = "waiting";
    this.uploads.add(upload);
    this.tidy();
    this.edited();
    frame.alt.focus();
  }

  move(frame, by) {
    const from = this.frames.indexOf(frame);
    const to = from + by;
    if (to < 0 || to >= this.frames.length) return;
    const focused = document.activeElement;
    this.frames.splice(to, 0, ...this.frames.splice(from, 1));
    this.list.insertBefore(frame.element, this.frames[to + 1]?.element ?? null);
    this.tidy();
    focused.focus();
    say(word("moved", { name: frame.upload.name, position: to + 1, total: this.frames.length }));
    this.edited();
  }

  /** Numbers, what is left to choose, and what is not asked any more. */
  tidy() {
    this.frames.forEach((frame, i) => frame.at(i + 1, this.frames.length));
    const left = this.most - this.good.length;
    this.chooser.disabled = left < 1;
    const label = this.form.querySelector(".drop > label > span");
    label.textContent = this.frames.length ? word("add_more") : word("choose");
    if (this.frames.length) document.getElementById("continue")?.remove();
    if (!this.stuck.length) this.form.querySelector(".summary:has(> button)")?.remove();
  }

  told(upload) {
    const frame = this.frames.find((each) => each.upload === upload);
    if (!frame) return;
    const before = frame.element.dataset.state;
    frame.tell();
    if (before === upload.state || !this.draft) return;
    this.tidy();
    this.renew();
    if (upload.file) this.draft.changed();
    if (this.pending) this.pend();
  }

  // What follows from the fields

  edited() {
    this.renew();
    this.draft.changed();
  }

  /** The preview of what will be public, and how many photos are described. */
  renew() {
    this.noPlace.hidden = !this.form.elements.place.value;
    const list = this.form.querySelector(".public ol");
    list.replaceChildren(...this.frames.filter((frame) => frame.upload.file).map(publicLine));
    const described = this.form.querySelector("#described");
    const photos = this.frames.filter((frame) => frame.upload.state !== "refused");
    described.hidden = !photos.length;
    described.textContent = word("described", { described: photos.filter((frame) => frame.alt.value.trim()).length, n: photos.length });
  }

  /** What the form says, as the API takes it. */
  get body() {
    const { caption, place, audience, comments, show_camera: showCamera } = this.form.elements;
    return {
      media: this.frames.filter((frame) => frame.upload.file).map((frame) => frame.told),
      caption: caption.value,
      place: place.value.trim() ? { name: place.value.trim(), ...this.position } : null,
      audience: audience.value,
      comments: comments.checked,
      show_camera: showCamera.checked,
    };
  }

  /** Where a place of the list lies, as long as its name is not changed. */
  get position() {
    const { name, lat, lon } = this.form.elements.place.dataset;
    return lat && name === this.form.elements.place.value.trim() ? { lat: Number(lat), lon: Number(lon) } : {};
  }

  // Posting

  /** Post, or say what is in the way. `how` is the button that was pressed; "anyway" means also without descriptions. */
  async post(how = this.button, anyway = false) {
    if (this.busy || this.pending) return;
    this.how = how;
    for (const each of this.form.querySelectorAll(".summary, .notice.asked")) each.remove();
    for (const each of this.form.querySelectorAll(".field.bad")) unmark(each);
    if (this.stuck.length) return this.block();
    if (!this.good.length) return this.complain([{ at: this.chooser.id, text: word("choose_one") }]);
    if (!anyway && this.bare.length && this.form.dataset.altReminder !== "never") return this.remind();
    if (this.running.length) return this.pend();
    await (how === this.button ? this.publish() : this.submit(how));
  }

  /** "Save draft" and "Post at this time" are the form's own: the server answers with another page. */
  async hand(pressed) {
    if (pressed.value === "later") await this.post(pressed);
    else if (this.running.length) location.assign("/drafts");  // asks, and what is there is saved on leaving
    else await this.submit(pressed);
  }

  async submit(pressed) {
    await this.draft.saving?.catch(() => {});
    const { id = "", version = "" } = this.draft;
    for (const [name, value] of Object.entries({ draft: id, version, do: pressed.value })) {
      const field = this.form.querySelector(`input[name="${name}"]`) ?? this.form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
      field.value = value;
    }
    this.done = true;
    HTMLFormElement.prototype.submit.call(this.form);
  }

  /** Post as soon as the uploads that are under way have finished. */
  pend() {
    const { length } = this.running;
    if (this.pending && (!length || this.stuck.length)) {
      this.hold(false);
      this.post(this.how, true);
      return;
    }
    if (!length) return;
    this.hold(true, word("posting_when", { n: length }));
    if (this.cancel) return;
    this.cancel = fresh("cancel-post");
    this.cancel.addEventListener("click", () => { this.hold(false); this.button.focus(); say(word("canceled")); });
    this.button.after(this.cancel);
    say(this.button.textContent.trim());
  }

  hold(on, label = word("post")) {
    this.pending = on;
    this.button.querySelector("span").textContent = label;
    this.button.ariaDisabled = String(on);
    if (on) return;
    this.cancel?.remove();
    this.cancel = undefined;
  }

  async publish() {
    this.busy = true;
    this.button.ariaBusy = "true";
    this.button.querySelector("span").textContent = word("posting");
    try {
      const post = await this.draft.publish();
      this.done = true;
      location.replace(`/new/posted/${post.id}`);
    } catch (problem) {
      if (!problem.conflict) this.refused(problem);
      this.button.querySelector("span").textContent = word("post");
      this.button.ariaBusy = "false";
      this.busy = false;
    }
  }

  /** Files that cannot be posted stand in the way, by name; those that never can be may go at once. */
  block() {
    const lines = this.stuck.map((frame) => ({
      at: frame.element.id,
      text: word("said", { name: frame.upload.name, what: frame.upload.reason || word(`state_${frame.upload.state}`) }),
    }));
    const summary = this.complain(lines, word("blocked", { n: lines.length }));
    if (!this.good.length) return;
    const button = fresh("remove-stuck");
    button.addEventListener("click", () => {
      for (const frame of this.stuck) this.remove(frame);
      summary.remove();
      this.button.focus();
    });
    summary.append(button);
  }

  remind() {
    const notice = fresh("undescribed");
    notice.querySelector("p").textContent = word("no_description", { n: this.bare.length });
    const [describe, post] = notice.querySelectorAll("button");
    describe.addEventListener("click", () => { const [first] = this.bare; notice.remove(); first?.alt.focus(); });
    post.addEventListener("click", () => { notice.remove(); this.post(this.how, true); });
    this.end.before(notice);
    describe.focus();
  }

  /** The server's reasons, each beside its field. */
  refused(problem) {
    const lines = problem.errors.map(({ pointer, detail }) => {
      const [, head, index] = pointer.split("/");
      const field = head === "media" && this.good[index] ? this.good[index].alt : this.form.elements[{ media: "photos" }[head] ?? head];
      if (field?.closest?.(".field")) mark(field, detail);
      return { at: field?.id, text: detail };
    });
    this.complain(lines.length ? lines : [{ text: reasonOf(problem) }]);
  }

  complain(lines, title = word("problems", { n: lines.length })) {
    const summary = fresh("problems");
    summary.querySelector("p span").textContent = title;
    summary.querySelector("ul").append(...lines.map(({ at, text }) => {
      const line = document.createElement("li");
      const said = at ? Object.assign(document.createElement("a"), { href: `#${at}` }) : line;
      said.textContent = text;
      if (at) {
        said.addEventListener("click", (event) => { event.preventDefault(); document.getElementById(at)?.focus(); });
        line.append(said);
      }
      return line;
    }));
    this.form.prepend(summary);
    summary.focus();
    return summary;
  }
}

function publicLine(frame) {
  const line = document.createElement("li");
  const count = Object.assign(document.createElement("span"), { className: "count", textContent: number(frame.position) });
  const said = Object.assign(document.createElement("bdi"), { dir: "ltr" });
  const { camera } = frame.upload.file.facts;
  const { make, model, lens, focal_mm: focal, aperture, exposure, iso, taken_at: taken } = camera ?? {};
  const name = model?.toLowerCase().startsWith((make ?? "").toLowerCase()) ? model : [make, model].filter(Boolean).join(" ");
  const parts = [name, lens, focal && `${focal} mm`, aperture && `f/${aperture}`, exposure, iso && `ISO ${iso}`, taken?.replace("T", " ")];
  for (const text of parts.filter(Boolean)) said.append(Object.assign(document.createElement("span"), { textContent: text }), " ");
  if (!said.childNodes.length) said.textContent = word("no_camera");
  line.append(count, " ", said);
  return line;
}

function mark(field, text) {
  const error = fresh("field-error");
  error.id = `${field.id}-error`;
  error.querySelector("span").textContent = text;
  field.closest(".field").classList.add("bad");
  field.ariaInvalid = "true";
  field.setAttribute("aria-describedby", `${error.id} ${field.getAttribute("aria-describedby") ?? ""}`);
  (field.closest(".control") ?? field).after(error);
}

function unmark(field) {
  field.classList.remove("bad");
  field.querySelector(":scope > .error")?.remove();
  field.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
}

// The draft on the server: written two seconds after the last change and on leaving, never over somebody else's.

class Draft {
  constructor(page) {
    this.page = page;
    this.line = page.form.querySelector("#kept");
    const { draft, version } = page.form.dataset;
    this.id = draft;
    this.version = version;
    this.stored = this.text;
    window.addEventListener("online", () => this.changed(0));
  }

  get text() { return JSON.stringify(this.page.body); }

  get empty() {
    const { media, caption, place } = this.page.body;
    return !media.length && !caption.trim() && !place;
  }

  say(name, values) { this.line.textContent = name ? word(name, values) : ""; }

  changed(after = SAVE_AFTER_MS) {
    if (this.off || this.conflict || this.text === this.stored) return;
    this.say("unsaved");
    this.since ??= Date.now();
    clearTimeout(this.timer);
    // Who writes without a pause is saved all the same.
    const longest = Math.max(0, this.since + SAVE_AGAIN_MS - Date.now());
    this.timer = setTimeout(() => this.save().catch(() => {}), Math.min(after, longest));
  }

  /** Write what is new. One at a time; throws Problem. */
  async save() {
    clearTimeout(this.timer);
    await this.saving?.catch(() => {});
    if (this.off || this.text === this.stored || (!this.id && this.empty)) return;
    this.saving = this.write();
    try {
      await this.saving;
    } catch (problem) {
      this.failed(problem);
      throw problem;
    } finally {
      this.saving = undefined;
    }
    this.changed();
  }

  async write(keepalive = false) {
    const text = this.text;
    this.since = undefined;
    if (this.id && this.empty) return this.remove(keepalive);
    this.say("saving");
    const { data } = await send(...this.request, { json: this.page.body, headers: this.match, keepalive });
    this.version = data.version;
    this.stored = text;
    if (!this.id) this.begin(data.id);
    this.say("saved", { time: clock(new Date()) });
  }

  get request() { return this.id ? ["PATCH", `${API}/drafts/${this.id}`] : ["POST", `${API}/drafts`]; }
  get match() { return this.id ? { "If-Match": `"v${this.version}-0"` } : { "Idempotency-Key": (this.once ??= newKey()) }; }

  /** From now on this page is the page of that draft, also when it is loaded again. */
  begin(id) {
    this.id = id;
    history.replaceState(history.state, "", `/new?draft=${id}`);
    document.getElementById("continue")?.remove();
  }

  /** Of a post from which everything was taken nothing is kept. */
  async remove(keepalive) {
    await send("DELETE", `${API}/drafts/${this.id}`, { headers: this.match, keepalive });
    this.id = this.version = this.once = undefined;
    this.stored = this.text;
    history.replaceState(history.state, "", "/new");
    this.say();
  }

  failed(problem) {
    if (problem.status === 412) return this.differ(problem);
    // What was sent before is there, but its answer was lost.
    if (problem.code === "idempotency_mismatch") this.once = undefined;
    // A server without drafts: nothing is promised.
    if (!this.id && problem.status === 404) return this.stop();
    if (this.id && (problem.status === 404 || problem.status === 410)) return this.gone();
    this.say("not_saved", { reason: reasonOf(problem) });
    if (problem.status === 401 || problem.code === "csrf") onceSignedIn(() => this.changed(0));
    if (problem.status === 0 || problem.status >= 500) this.timer = setTimeout(() => this.save().catch(() => {}), SAVE_AGAIN_MS);
  }

  stop() {
    this.off = true;
    this.say();
  }

  /** The draft was posted or removed elsewhere; what stands here begins another one. */
  gone() {
    this.id = this.version = this.once = undefined;
    this.stored = "";
    this.say("draft_gone");
  }

  /** Another device changed it first. Nothing is overwritten before somebody says which of the two is wanted. */
  differ(problem) {
    problem.conflict = true;
    if (this.conflict) return;
    this.conflict = fresh("draft-changed");
    const [load, keep] = this.conflict.querySelectorAll("button");
    load.addEventListener("click", () => { this.page.done = true; location.assign(`/new?draft=${this.id}`); });
    keep.addEventListener("click", () => this.keepMine());
    this.say();
    this.page.form.prepend(this.conflict);
    this.conflict.focus();
  }

  async keepMine() {
    const { data } = await send("GET", `${API}/drafts/${this.id}`);
    this.version = data.version;
    this.conflict.remove();
    this.conflict = undefined;
    this.changed(0);
    this.page.button.focus();
  }

  /** The page goes away: a last word to the server, without waiting for the answer. */
  leave() {
    if (this.off || this.conflict || this.saving || this.text === this.stored || (!this.id && this.empty)) return;
    clearTimeout(this.timer);
    this.saving = this.write(true).catch((problem) => this.failed(problem)).finally(() => (this.saving = undefined));
  }

  /** Make the post. The same wish that is repeated after a lost answer makes no second one. */
  async publish() {
    // Without a draft there is nothing old that could be posted instead.
    await this.save().catch((problem) => { if (this.id) throw problem; });
    const body = this.text;
    if (this.wish?.body !== body) this.wish = { body, key: newKey() };
    const headers = { "Idempotency-Key": this.wish.key };
    try {
      const { data } = this.id
        ? await send("POST", `${API}/drafts/${this.id}/publish`, { headers: { ...headers, ...this.match } })
        : await send("POST", `${API}/posts`, { json: this.page.body, headers });
      return data;
    } catch (problem) {
      if (problem.status === 412) this.differ(problem);
      throw problem;
    }
  }
}

mount("form[data-compose]", (form) => new Compose(form));
