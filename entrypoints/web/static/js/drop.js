// Files that were dropped or pasted on any page, carried to the page for a new post. A page is all that is left behind,
// so they wait in this browser's database, for a few minutes at most.

const NAME = "hg-carried";
const KEPT_MS = 5 * 60_000;

/** Do `work(store)` in the place where files wait. */
function within(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("files", { autoIncrement: true });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const change = opening.result.transaction("files", mode);
      const asked = work(change.objectStore("files"));
      change.oncomplete = () => { opening.result.close(); resolve(asked?.result); };
      change.onerror = change.onabort = () => { opening.result.close(); reject(change.error); };
    };
  });
}

/** Keep the files and go to the page for a new post. */
export async function carry(files) {
  try {
    await within("readwrite", (store) => {
      store.clear();
      store.add({ at: Date.now(), files });
    });
    location.assign("/new?carried=1");
  } catch {
    location.assign("/new");
  }
}

/** The files that were carried here, once. */
export async function take() {
  try {
    const kept = await within("readonly", (store) => store.getAll());
    await within("readwrite", (store) => store.clear());
    return kept.filter(({ at }) => Date.now() - at < KEPT_MS).flatMap(({ files }) => files);
  } catch {
    return [];
  }
}
