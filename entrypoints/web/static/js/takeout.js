// The archive of one's own data: how far it is, told while it is made.

import { mount, part, percent, say, send, wake } from "./core.js";

const EVERY = 3_000;

mount("#takeout[data-running]", (card) => {
  const bar = card.querySelector("progress");
  const told = card.querySelector("[data-percent]");
  let timer = setTimeout(look, EVERY);

  async function look() {
    if (!card.isConnected) return;
    try {
      const { data } = await send("GET", card.dataset.running);
      if (data.state !== card.dataset.state) return void (await replace());
      bar.value = data.progress;
      told.textContent = percent(data.progress / 100);
    } catch (problem) {
      // It was removed elsewhere, or the server is away for a moment.
      if (problem.status === 404) return void (await replace());
    }
    clearTimeout(timer);
    timer = setTimeout(look, EVERY);
  }

  async function replace() {
    const found = (await part("/settings/data")).querySelector("#takeout");
    if (!found) return;
    const fresh = document.importNode(found, true);
    card.replaceWith(fresh);
    wake(fresh);
    say(fresh.querySelector("[data-told]")?.textContent ?? "");
  }
});
