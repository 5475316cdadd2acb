// Runs on every page. Pages work without it: what it loads only makes them quicker and kinder.

import { memory, toast, word } from "./core.js";
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

// What happens is heard of by whoever is signed in, once the page is there.

if (document.querySelector('a[href="/new"]')) window.addEventListener("load", () => import("./live.js"));

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
