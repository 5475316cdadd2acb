// A photo is taken by its picture to another place in the order. The buttons beside it and their keys do the same.

// How far a mouse goes, and how long a finger stays where it is, before that is meant.
const FAR_PX = 6, PRESS_MS = 300;
// Near an end of the window the page moves along, so many pixels at a time.
const EDGE_PX = 90, STEP_PX = 9;

/** Follow the pointer that went `down` on `item`, one of `items` in their order; `drop` is told by how many places it went. */
export function drag(down, item, items, drop) {
  const over = new AbortController();
  const options = { signal: over.signal };
  const finger = down.pointerType !== "mouse";
  const from = items.indexOf(item);
  const top = down.clientY + scrollY;
  let y = down.clientY, to = from, middles, scrolling;
  const press = finger && setTimeout(begin, PRESS_MS);

  function begin() {
    middles = items.map((each) => { const box = each.getBoundingClientRect(); return box.top + box.height / 2 + scrollY; });
    item.classList.add("dragged");
    scrolling = setInterval(() => {
      const by = y < EDGE_PX ? -STEP_PX : y > innerHeight - EDGE_PX ? STEP_PX : 0;
      if (by) scrollBy({ top: by, behavior: "instant" });
      if (by) show();
    }, 16);
  }

  function show() {
    const at = y + scrollY;
    item.style.translate = `0 ${at - top}px`;
    to = middles.filter((middle, i) => i !== from && middle < at).length;
    items.forEach((each, i) => {
      each.classList.toggle("drop-above", i === to && to < from);
      each.classList.toggle("drop-below", i === to && to > from);
    });
  }

  function end(by) {
    over.abort();
    clearTimeout(press);
    clearInterval(scrolling);
    item.style.translate = "";
    for (const each of items) each.classList.remove("dragged", "drop-above", "drop-below");
    if (by) drop(by);
  }

  document.addEventListener("pointermove", (event) => {
    if (event.pointerId !== down.pointerId) return;
    // It was let go before anybody listened.
    if (!finger && !event.buttons) return end();
    y = event.clientY;
    const far = Math.hypot(event.clientX - down.clientX, y - down.clientY) > FAR_PX;
    // A finger that goes at once wants to scroll.
    if (!middles && far) finger ? end() : begin();
    if (middles) show();
  }, options);
  document.addEventListener("pointerup", (event) => event.pointerId === down.pointerId && end(middles && to - from), options);
  document.addEventListener("pointercancel", () => end(), options);
  document.addEventListener("touchmove", (event) => middles && event.preventDefault(), { ...options, passive: false });
  document.addEventListener("contextmenu", (event) => finger && event.preventDefault(), options);
  document.addEventListener("keydown", (event) => event.key === "Escape" && middles && end(), options);
}
