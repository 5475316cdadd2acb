// What every script of a page stands on: words that the server wrote, requests, announcements, keys, memory.
// Scripts hold no sentences: they ask `word` for them.

const root = document.documentElement;
const language = root.lang || "en";
export const plural = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

// Words

let words;

function collect() {
  words = new Map();
  for (const template of document.querySelectorAll("template.words"))
    for (const each of template.content.querySelectorAll("[data-word]")) words.set(each.dataset.word, each);
}

/** The text that the server wrote under `key`, in the form for `values.n`, with `{name}` filled in. */
export function word(key, values = {}) {
  if (!words) collect();
  const found = words.get(key);
  if (!found) return "";
  const form = "n" in values ? found.dataset[plural.select(values.n)] ?? found.dataset.other : undefined;
  return (form ?? found.textContent).replace(/\{(\w+)\}/g, (all, name) =>
    name in values ? (typeof values[name] === "number" ? number(values[name]) : values[name]) : all);
}

/** `1,234,567` in the digits of the reader. */
export const full = (value) => whole.format(value);

/** `987`, `12K`: as the server writes counts. */
export const number = (value) => (value < 10_000 ? whole : short).format(value);

const share = new Intl.NumberFormat(language, { style: "percent" });

/** `43%` of 0.43, with the space that the reader's language has before the sign. */
export const percent = (value) => share.format(value);

const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

const since = new Intl.RelativeTimeFormat(language);

/** `2h`, or `2 hours ago` when `long`, for a moment of the last week, else nothing: dates do not change. */
export function ago(moment, long) {
  const seconds = (Date.now() - moment) / 1_000;
  if (seconds >= 7 * 86_400) return "";
  const unit = units.find(([, size]) => seconds >= size);
  if (!unit) return word(long ? "just_now" : "now");
  const count = Math.round(seconds / unit[1]);
  if (long) return since.format(-count, unit[0]);
  const style = { style: "unit", unit: unit[0], unitDisplay: "narrow" };
  return new Intl.NumberFormat(language, style).format(count);
}

// Requests

/** Why a request failed, as the server's problem document says; `status` is 0 when there was no answer, `html` a page. */
export class Problem extends Error {
  constructor(status, told = {}, headers = new Headers()) {
    super(told.detail || told.title || "");
    this.status = status;
    this.code = told.code ?? "";
    this.title = told.title ?? "";
    this.detail = told.detail ?? "";
    this.errors = told.errors ?? [];
    this.retryAfter = Number(headers.get("Retry-After")) || 0;
    this.requestId = headers.get("X-Request-Id") ?? "";
    this.html = told.html ?? "";
  }
}

/** The header that shows a request to be this page's own, for those who send without `send`. */
export const proof = () => ({
  "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]')?.content ?? "",
  // What the server says about a failure is shown on a page in this language, whatever the browser prefers.
  "Accept-Language": language,
});

/** Ask the server; resolves to `{status, data, headers}`, where `data` is the JSON or text. Throws Problem. */
export async function send(method, url, { json, form, body, headers = {}, signal, keepalive, seconds = 30 } = {}) {
  const sent = { ...proof(), Accept: "application/json", ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  const limit = AbortSignal.timeout(seconds * 1_000);
  let answer;
  try {
    answer = await fetch(url, {
      method, keepalive, headers: sent, credentials: "same-origin",
      body: json !== undefined ? JSON.stringify(json) : form ?? body,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, { detail: word("offline") });
  }
  const isJson = /\bjson\b/.test(answer.headers.get("Content-Type") ?? "");
  const data = isJson ? await answer.json().catch(() => ({})) : await answer.text();
  if (!answer.ok) throw new Problem(answer.status, isJson ? data : { detail: word("failed"), html: data }, answer.headers);
  return { status: answer.status, data, headers: answer.headers };
}

/** The header that asks for the part of a page that scripts put into the page at hand, instead of the whole. */
export const PART = { "HX-Request": "true" };

/** That part of the page of ours at `url`, as a document. Throws Problem. */
export const part = async (url, signal) => markup((await send("GET", url, { headers: PART, signal })).data);

/** Show how much somebody was told and has not read: on the bell and in the title. */
export function ring(unread) {
  const shown = unread < 100 ? `${unread}` : "99+";
  for (const badge of document.querySelectorAll('a[href="/notifications"] > .badge')) {
    badge.firstChild.textContent = shown;
    badge.hidden = !unread;
  }
  document.title = (unread ? `(${shown}) ` : "") + document.title.replace(/^\(\d+\+?\) /, "");
}

// Announcements

function tell(id, text) {
  const region = document.getElementById(id);
  if (!region) return;
  region.textContent = "";
  // The same sentence is heard twice only when the region was empty in between.
  setTimeout(() => (region.textContent = text), 50);
}

/** Say something to whoever listens to the page, when they have a moment. */
export const say = (text) => tell("status", text);

/** Say something at once. */
export const warn = (text) => tell("alert", text);

const toasts = [];
let shown;

/**
 * A line over the page: `text`, an `action` of `{label, run}`, an `error` that stays until it is closed. `gone` is
 * called when it leaves without its action. One is seen at a time, at most three wait, the same text is not repeated.
 */
export function toast({ text, error = false, action, seconds = 6, gone }) {
  if (shown?.text === text || toasts.some((each) => each.text === text)) return;
  toasts.push({ text, error, action, seconds, gone });
  while (toasts.length > 3) toasts.shift().gone?.();
  if (!shown) next();
}

function next() {
  shown = toasts.shift();
  if (!shown) return;
  const made = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  made.classList.toggle("error", shown.error);
  made.querySelector("p").textContent = shown.text;
  const [act, end] = made.querySelectorAll("button");
  const { action } = shown;
  if (action) {
    act.querySelector("span").textContent = action.label;
    act.addEventListener("click", () => { shown.gone = undefined; leave(); action.run(); });
  } else act.remove();
  end.addEventListener("click", leave);
  shown.element = made;
  document.body.append(made);
  // Above dialogs too: both live in the top layer, where the last one in is in front.
  made.showPopover?.();
  (shown.error ? warn : say)(shown.text);
  if (!shown.error) wait(made);
}

function wait(made) {
  const { seconds } = shown;
  let timer = setTimeout(leave, seconds * 1_000);
  const hold = () => clearTimeout(timer);
  const go = () => { hold(); timer = setTimeout(leave, seconds * 1_000); };
  for (const name of ["pointerenter", "focusin", "closing"]) made.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) made.addEventListener(name, go);
}

function leave() {
  if (!shown) return;
  const { element, gone } = shown;
  shown = undefined;
  element.remove();
  // Removing what has the focus sends focusout, which must not start the clock again.
  element.dispatchEvent(new Event("closing"));
  gone?.();
  next();
}

// Elements that come and go

const mounts = [];
const mounted = new WeakMap();

/** Run `fn(element)` once for each element that matches, now and whenever the page gets new parts. */
export function mount(selector, fn) {
  mounts.push([selector, fn]);
  wake(document, [[selector, fn]]);
}

/** Tell everything mounted about a part that was put into the page. */
export function wake(part, these = mounts) {
  for (const [selector, fn] of these) {
    const found = [...part.querySelectorAll(selector)];
    if (part.matches?.(selector)) found.unshift(part);
    for (const element of found) {
      const done = mounted.get(element) ?? new Set();
      if (done.has(fn)) continue;
      mounted.set(element, done.add(fn));
      fn(element);
    }
  }
}

/** Markup of the server as a document to take parts from. Nothing in it runs. */
export const markup = (html) => new DOMParser().parseFromString(html, "text/html");

// Keys

const plain = new Map();
const modified = new Map();
let before = "";

const FIELDS = 'input:not([type="radio"], [type="checkbox"], [type="button"], [type="submit"], [type="range"]), textarea, select, [contenteditable]';

/** Whether somebody wants keys without Ctrl to do something. */
export const singleKeys = () => root.dataset.singleKeys !== "off";

/**
 * Do `fn` at a key: `"j"`, `"g h"` (one after the other), or `"mod+k"` (Ctrl, or Cmd on a Mac).
 * Keys without `mod` do nothing in fields and dialogs and can be switched off. `fn` may return false to let a key pass.
 */
export function key(combination, fn) {
  (combination.startsWith("mod+") ? modified : plain).set(combination, fn);
}

/** What a key is called in Latin letters: with Cyrillic or Hangul on it, it is known by its place. */
function letter({ key: typed, code }) {
  if ((typed === "Process" || (typed.length === 1 && typed > "~")) && /^Key[A-Z]$/.test(code)) return code[3].toLowerCase();
  return typed.length === 1 ? typed.toLowerCase() : typed;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  // 229 is what some input methods send instead of isComposing.
  if (event.keyCode === 229 && event.target.closest?.(FIELDS)) return;
  const pressed = letter(event);
  if (event.ctrlKey || event.metaKey) {
    const fn = modified.get(`mod+${pressed}`);
    if (fn && fn(event) !== false) event.preventDefault();
    return;
  }
  if (event.target.closest?.(FIELDS) || document.querySelector("dialog[open]") || !singleKeys()) return;
  const fn = plain.get(`${before} ${pressed}`) ?? plain.get(pressed);
  before = pressed;
  setTimeout(() => (before = ""), 1_000);
  if (fn && fn(event) !== false) event.preventDefault();
});

// Memory of this browser. It may be full or forbidden, and then nothing is remembered.

const store = (area) => ({
  get(name) { try { return JSON.parse(window[area].getItem(`hg.${name}`)); } catch { return null; } },
  set(name, value) { try { window[area].setItem(`hg.${name}`, JSON.stringify(value)); } catch { /* not kept */ } },
  drop(name) { try { window[area].removeItem(`hg.${name}`); } catch { /* not there */ } },
});

/** `tab` lasts as long as this tab, `browser` until somebody signs out. */
export const memory = { tab: store("sessionStorage"), browser: store("localStorage") };
