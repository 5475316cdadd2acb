// Runs on every page. Pages work without it: what it loads only makes them quicker and kinder.

import { memory, mount, ring, say, send, toast, word } from "./core.js";
import "./elements.js";

// Photos that are dropped or pasted anywhere become a new post, except where a field of its own takes them. The page
// for a new post has nothing to carry: it listens for "hg:files" and takes them at once.

const hasFiles = ({ target, dataTransfer }) => dataTransfer?.types.includes("Files")
  && !target.closest?.('input[type="file"], [data-drop]') && document.querySelector('a[href="/new"]');
const over = (on) => document.documentElement.toggleAttribute("data-dropping", on);

async function give(files) {
  const asked = new CustomEvent("hg:files", { detail: [...files], cancelable: true });
  if (files.length && document.dispatchEvent(asked)) (await import("./drop.js")).carry([...files]);
}

window.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  over(true);
});
window.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
window.addEventListener("drop", (event) => {
  over(false);
  if (event.defaultPrevented || !hasFiles(event)) return;
  event.preventDefault();
  give(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData ?? {};
  const inText = event.target.closest?.("input, textarea, [contenteditable]");
  if (event.defaultPrevented || !files?.length || !document.querySelector('a[href="/new"]')) return;
  // Of a word processor's text there is often a picture as well; it is the text that is meant.
  if (inText && (types.includes("text/plain") || !inText.closest("form[data-compose]"))) return;
  event.preventDefault();
  give(files);
});

// What another app handed over is taken when somebody says so: any page could have sent it here.

const address = new URL(location.href);
if (address.pathname === "/new" && address.searchParams.has("shared"))
  toast({
    text: word("shared"), seconds: 600,
    action: { label: word("take"), run: async () => give(await (await import("./drop.js")).take()) },
  });

// The service worker. A new version of it waits until somebody presses Reload, and is offered once in a tab.

const workers = navigator.serviceWorker;

function offer({ waiting }) {
  const version = document.querySelector('link[rel="stylesheet"]').href;
  if (!waiting || !workers.controller || memory.tab.get("offered") === version) return;
  memory.tab.set("offered", version);
  const run = () => {
    workers.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage("take over");
  };
  toast({ text: word("update"), seconds: 60, action: { label: word("reload"), run } });
}

if (workers) window.addEventListener("load", async () => {
  const registration = await workers.register("/sw.js").catch(() => null);
  if (!registration) return;
  offer(registration);
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", () => offer(registration)));
});

if (document.querySelector('meta[name="offline"]')) window.addEventListener("online", () => location.reload());

// The live channel: one connection per tab, over which the server says that something is new. What it says becomes
// events of the document, `hg:` and the type; whoever shows something looks after it.

const FIRST = 500;
const LONGEST = 30_000;
// How often the server is asked whether it is there, when it is given up, and when people are told.
const ASK = 20_000;
const LOST = 45_000;
const LATE = 5_000;
// After so many tries without an answer the numbers are asked for the old way.
const TRIES = 3;

let socket;
let seq = null;
let tries = 0;
let heard = 0;
let again;
let late;
let banner;

// This cookie tells that somebody is signed in.
const isMember = /(^|; )hg_mark=/.test(document.cookie);
const topics = ["me", "feed:home"];
const tell = (type, detail) => document.dispatchEvent(new CustomEvent(`hg:${type}`, { detail }));
const talk = (type, data) => socket.send(JSON.stringify({ v: 1, type, id: type, data }));

function open() {
  clearTimeout(again);
  if (socket && socket.readyState < WebSocket.CLOSING) return;
  const made = socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`);
  heard = Date.now();
  made.addEventListener("open", () => talk("hello", { resume: seq, topics }));
  made.addEventListener("message", ({ data }) => made === socket && hear(JSON.parse(data)));
  made.addEventListener("close", ({ code }) => made === socket && closed(code));
}

function hear({ type, seq: number, data }) {
  heard = Date.now();
  if (number !== undefined) seq = number;
  if (type === "welcome") connected();
  tell(type, data);
}

function connected() {
  tries = 0;
  clearTimeout(late);
  late = undefined;
  if (!banner) return;
  banner.remove();
  banner = undefined;
  say(word("online"));
}

function closed(code) {
  late ??= setTimeout(() => show(word(navigator.onLine ? "reconnecting" : "offline")), LATE);
  // Somebody who signed out elsewhere is told by the next page; asking again and again would not let them in.
  if (code === 4401) return show(word("signed-out"));
  const longest = code === 1012 ? 3_000 : Math.min(LONGEST, FIRST * 2 ** tries);
  tries += 1;
  if (tries > TRIES) poll();
  again = setTimeout(open, Math.random() * longest);
}

async function poll() {
  try {
    const { data } = await send("GET", "/api/v1/notifications/counts");
    tell("counts", { notifications: data.unread });
  } catch { /* the next try asks again */ }
}

/** A line at the top for as long as nothing can be heard. */
function show(text) {
  if (!banner) {
    banner = document.createElement("p");
    banner.className = "banner";
    document.body.prepend(banner);
  }
  banner.textContent = text;
  say(text);
}

function leave() {
  const gone = socket;
  socket = undefined;
  clearTimeout(again);
  clearTimeout(late);
  late = undefined;
  gone?.close();
}

setInterval(() => {
  if (socket?.readyState !== WebSocket.OPEN) return;
  if (Date.now() - heard > LOST) {
    const lost = socket;
    closed(0);
    socket = undefined;
    lost.close();
  } else talk("ping");
}, ASK);
window.addEventListener("online", () => { tries = 0; if (socket) open(); });
document.addEventListener("visibilitychange", () => socket && !document.hidden && open());
// A page with a connection could not be kept for going back to.
window.addEventListener("pagehide", leave);
window.addEventListener("pageshow", (event) => event.persisted && isMember && open());
// Once the page is there.
if (isMember) window.addEventListener("load", open);

document.addEventListener("hg:counts", ({ detail }) => ring(detail.notifications));

// The home feed says how many posts are waiting above; they are never put in by themselves.

mount("[data-news]", (line) => {
  const waiting = new Set();
  document.addEventListener("hg:post.created", ({ detail }) => {
    if (document.getElementById(`post-${detail.id}`)) return;
    waiting.add(detail.id);
    line.firstElementChild.textContent = word(waiting.size > 40 ? "many-news" : "news", { n: waiting.size });
    if (line.hidden) say(line.textContent);
    line.hidden = false;
  });
});
