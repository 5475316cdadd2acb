// Runs on every page. Pages work without it: what it loads only makes them quicker and kinder.

import "./core.js";
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
