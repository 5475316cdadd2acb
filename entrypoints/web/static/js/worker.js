// Stands between the pages and the network, served as /sw.js. It keeps the files of this version and public photos, and
// says so when there is no connection. Pages and answers of the API are personal: they are never kept.
// The server writes a first line: const SITE = {version, prefix, files, mediaBytes}.

const FILES = `hg-files-${SITE.version}`;
const MEDIA = "hg-media";

self.addEventListener("install", (event) => event.waitUntil(keepFiles()));

async function keepFiles() {
  const cache = await caches.open(FILES);
  await cache.addAll(["/offline", ...SITE.files].map((url) => new Request(url, { cache: "reload" })));
}

self.addEventListener("activate", (event) => event.waitUntil(begin()));

async function begin() {
  const old = (await caches.keys()).filter((name) => name.startsWith("hg-files-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

// A new version waits until somebody wants it.
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === "/share") event.respondWith(carry(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(visit(event));
  else if (url.pathname.startsWith(SITE.prefix)) event.respondWith(file(request));
  else if (request.destination === "image" && /^\/[ma]\//.test(url.pathname)) event.respondWith(photo(event));
});

async function visit(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match("/offline")) ?? Response.error();
  }
}

async function file(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

let puts = 0;

/** A photo that everybody may see is kept; any other goes through untouched. */
async function photo(event) {
  const cache = await caches.open(MEDIA);
  const kept = await cache.match(event.request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.status === 200 && /\bpublic\b/.test(answer.headers.get("Cache-Control") ?? ""))
    event.waitUntil(cache.put(event.request, answer.clone()).then(() => puts++ % 20 || trim(cache)).catch(() => {}));
  return answer;
}

/** The newest photos stay, as many as have room. */
async function trim(cache) {
  let bytes = 0;
  for (const request of (await cache.keys()).reverse()) {
    bytes += Number((await cache.match(request))?.headers.get("Content-Length")) || 100_000;
    if (bytes > SITE.mediaBytes) await cache.delete(request);
  }
}

/** Photos that another app hands over wait where dropped ones do; the page asks before it takes them. */
async function carry(request) {
  const files = (await request.formData()).getAll("photos").filter((each) => each instanceof File && each.size);
  await new Promise((resolve, reject) => {
    const opening = indexedDB.open("hg-carried", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("files", { autoIncrement: true });
    opening.onerror = reject;
    opening.onsuccess = () => {
      const change = opening.result.transaction("files", "readwrite");
      change.objectStore("files").clear();
      change.objectStore("files").add({ at: Date.now(), files });
      change.oncomplete = () => { opening.result.close(); resolve(); };
      change.onerror = change.onabort = reject;
    };
  });
  return Response.redirect("/new?shared=1", 303);
}
