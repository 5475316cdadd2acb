// What somebody was told: what stood in view for a moment is read, and the number on the bell goes down with it.

import { key, mount, ring, say, send, toast, word } from "./core.js";

const API = "/api/v1/notifications";
const SEEN = 2_000;
// What is due at about the same time is sent together.
const TOGETHER = 150;

const idOf = (row) => row.id.replace("note-", "");
const isNew = (row) => row.classList.contains("new");

function mark(row, fresh) {
  row.classList.toggle("new", fresh);
  row.querySelector(".said > .vh").hidden = !fresh;
}

/** The number as the server counts it. */
async function recount() {
  const { data: { unread } } = await send("GET", `${API}/counts`);
  ring(unread);
  const all = readAll();
  if (all) all.hidden = !unread;
}

// Rows in view, each with the clock that runs for it while the page is looked at.

const clocks = new Map();
const due = new Set();
let sending;

function begin(row) {
  if (document.hidden) return;
  clearTimeout(clocks.get(row));
  clocks.set(row, setTimeout(() => {
    watch.unobserve(row);
    clocks.delete(row);
    due.add(row);
    sending ??= setTimeout(flush, TOGETHER);
  }, SEEN));
}

const watch = new IntersectionObserver((seen) => {
  for (const { target: row, isIntersecting } of seen) {
    if (isIntersecting) {
      clocks.set(row, undefined);
      begin(row);
    } else {
      clearTimeout(clocks.get(row));
      clocks.delete(row);
    }
  }
}, { threshold: 0.6 });

document.addEventListener("visibilitychange", () => {
  for (const [row, clock] of clocks) {
    clearTimeout(clock);
    begin(row);
  }
});

async function flush() {
  const rows = [...due].filter(isNew);
  due.clear();
  sending = undefined;
  if (!rows.length) return;
  try {
    await send("POST", `${API}/read`, { json: { ids: rows.map(idOf) } });
    for (const row of rows) mark(row, false);
    await recount();
  } catch {
    // They are still unread the next time.
  }
}

mount(".note.new", (row) => {
  watch.observe(row);
  // Whoever opens one has seen it, however short the look at the list was.
  for (const link of row.querySelectorAll("a"))
    link.addEventListener("click", () => {
      if (isNew(row)) send("POST", `${API}/read`, { json: { ids: [idOf(row)] }, keepalive: true }).catch(() => {});
    });
});

// What makes lists grow is only asked for where there is more.
mount(".notes ~ .pages", () => import("./feed.js").then(listen));

const readAll = () => document.querySelector('form[action="/notifications/read"]');

mount('form[action="/notifications/read"]', (form) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await send("POST", `${API}/read`, { json: {} });
    for (const row of document.querySelectorAll(".note.new")) mark(row, false);
    say(word("all_read"));
    await recount();
    document.getElementById("main").focus({ preventScroll: true });
  } catch (error) {
    toast({ text: error.detail || word("failed"), error: true });
  }
}));

// Keys

const links = () => [...document.querySelectorAll(".note .said")];
const current = () => document.activeElement?.closest(".note");

function step(by) {
  const all = links();
  const at = all.indexOf(current()?.querySelector(".said"));
  const link = all[at < 0 ? 0 : at + by];
  if (!link) return false;
  link.focus({ preventScroll: true });
  link.closest(".note").scrollIntoView({ block: "nearest", behavior: "instant" });
}

/** Some of these mean something else to lists of posts, which come after this. */
function listen() {
  key("j", () => step(1));
  key("k", () => step(-1));
  key("u", () => {
    const row = current();
    if (!row?.id || isNew(row)) return false;
    keepUnread(row);
  });
  key("a", (event) => {
    const form = readAll();
    if (!event.shiftKey || !form || form.hidden) return false;
    form.requestSubmit();
  });
}

listen();

async function keepUnread(row) {
  watch.unobserve(row); // It was read here, and is to stay unread.
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  try {
    await send("POST", `/notifications/${idOf(row)}/unread`, { form: new URLSearchParams({ csrf }) });
    mark(row, true);
    say(word("unread_again"));
    await recount();
  } catch (error) {
    toast({ text: error.detail || word("failed"), error: true });
  }
}
