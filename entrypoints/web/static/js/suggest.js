// What somebody may be typing: people after @, tags after #, places. A list below the field; arrows walk through it,
// Enter or Tab takes the marked one, which of people is the first, Esc closes it. Without an answer of the server there
// is none, and nothing is said.

import { mount, number, say, send, word } from "./core.js";

const URL_OF = "/api/v1/search/suggestions";
const AFTER_MS = 150;
const MOST = 6;
const WORD = /(^|[\s(])([@#])([\p{L}\p{M}\p{N}_.]{1,60})$/u;
let serial = 0;
let off = false;

class Suggestions {
  /** `typed()` gives `{q, type}` of what is being typed or nothing, `take(item)` puts a chosen item into the field. */
  constructor(field, typed, take) {
    Object.assign(this, { field, typed, take, items: [], at: -1 });
    this.list = document.createElement("ul");
    this.list.className = "options";
    this.list.id = `options-${(serial += 1)}`;
    this.list.role = "listbox";
    this.list.ariaLabel = word("suggestions");
    this.list.hidden = true;
    const below = Object.assign(document.createElement("div"), { className: "below" });
    below.append(this.list);
    (field.closest(".control") ?? field).after(below);
    field.autocomplete = "off";
    // A field of several lines may not be called a combobox; for one of one line that is what it is.
    if (field.localName === "input") field.role = "combobox";
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.list.id);
    this.mark();
    field.addEventListener("input", () => this.look());
    field.addEventListener("keydown", (event) => this.press(event));
    field.addEventListener("blur", () => this.close());
    // The field keeps the focus while an option is pressed.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("li");
      if (option) this.choose([...this.list.children].indexOf(option));
    });
  }

  look() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const wanted = off ? undefined : this.typed();
    if (!wanted) return this.close();
    // The next answer takes a moment: until then nobody may be taken whose name is not what stands there.
    if (!this.list.hidden) this.open(this.items.filter((item) => fits(item, wanted)));
    this.timer = setTimeout(() => this.ask(wanted), AFTER_MS);
  }

  async ask({ q, type }) {
    this.asking = new AbortController();
    try {
      const { data } = await send("GET", `${URL_OF}?${new URLSearchParams({ q, type })}`, { signal: this.asking.signal });
      if (document.activeElement === this.field) this.open(data.items.slice(0, MOST));
    } catch (problem) {
      if (problem.status === 404) off = true;
      if (problem.name !== "AbortError") this.close();
    }
  }

  open(items) {
    if (!items.length) return this.close();
    this.items = items;
    // Who is meant by a name is somebody there is; tags and places may be new words.
    this.at = items[0].type === "person" ? 0 : -1;
    this.list.replaceChildren(...items.map((item, i) => option(item, `${this.list.id}-${i}`)));
    if (this.list.hidden) say(word("suggested", { n: items.length }));
    this.list.hidden = false;
    this.mark();
  }

  close() {
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.at = -1;
    this.mark();
  }

  mark() {
    if (this.field.role) this.field.ariaExpanded = String(!this.list.hidden);
    const current = this.list.hidden ? undefined : this.list.children[this.at];
    for (const each of this.list.children) each.ariaSelected = String(each === current);
    if (current) this.field.setAttribute("aria-activedescendant", current.id);
    else this.field.removeAttribute("aria-activedescendant");
    current?.scrollIntoView({ block: "nearest" });
  }

  press(event) {
    // 229 is what some input methods send instead of isComposing.
    if (this.list.hidden || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { length } = this.items;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.at = (this.at + step + length + (this.at < 0 && step < 0 ? 1 : 0)) % length;
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0 && !event.shiftKey) this.choose(this.at);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.mark();
  }

  choose(index) {
    const item = this.items[index];
    this.close();
    this.take(item);
    this.field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    this.close();
  }
}

/** Whether somebody is called as it was typed; of tags and places only the server knows. */
function fits({ type, user }, { q, type: wanted }) {
  if (type !== "person") return wanted !== "people";
  const begins = (name) => name.toLowerCase().startsWith(q.toLowerCase());
  return wanted === "people" && [user.username, user.display_name].some(begins);
}

/** A line of the list: what is taken, and what tells it from its like. */
function option(item, id) {
  const line = document.createElement("li");
  line.role = "option";
  line.id = id;
  const name = document.createElement("bdi");
  const more = Object.assign(document.createElement("bdi"), { className: "fine" });
  if (item.type === "person") [name.textContent, more.textContent] = [item.user.display_name || item.user.username, `@${item.user.username}`];
  else if (item.type === "tag") [name.textContent, more.textContent] = [`#${item.tag}`, item.posts === undefined ? "" : number(item.posts)];
  else name.textContent = item.place.name;
  line.append(name, " ", more);
  return line;
}

/** People and tags in a text of several lines. */
function suggestWords(field) {
  const before = () => field.value.slice(0, field.selectionStart);
  new Suggestions(
    field,
    () => {
      const found = field.selectionStart === field.selectionEnd && WORD.exec(before());
      return found && { q: found[3], type: found[2] === "@" ? "people" : "tags" };
    },
    (item) => {
      const said = item.type === "person" ? `@${item.user.username} ` : `#${item.tag} `;
      const start = before().replace(/[@#][^@#]*$/, "").length;
      field.setRangeText(said, start, field.selectionStart, "end");
    },
  );
}

/** Places in a line; the one that was taken is remembered with where it lies. */
function suggestPlaces(field) {
  new Suggestions(
    field,
    () => field.value.trim().length > 1 && { q: field.value.trim(), type: "places" },
    ({ place }) => {
      field.value = place.name;
      Object.assign(field.dataset, { name: place.name, lat: place.lat ?? "", lon: place.lon ?? "" });
    },
  );
}

mount("textarea[data-suggest]", suggestWords);
mount("input[data-suggest]", suggestPlaces);
