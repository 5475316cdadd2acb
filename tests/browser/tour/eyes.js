// What is seen on a page, told as lists of complaints. Added to every page of the tour before it loads; a property of
// `window.eyes` is one look and answers with sentences about what is wrong, or with none.
(() => {
  const listened = new Set();
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (type === "click" && this instanceof Element) listened.add(this);
    return listen.call(this, type, ...rest);
  };

  // Nothing reloads itself while it is looked at.
  const later = window.setTimeout;
  window.setTimeout = (run, wait, ...rest) =>
    wait >= 1_000 && document.querySelector("meta[name=comes-again]") ? 0 : later(run, wait, ...rest);

  const seen = { shift: 0, moved: [], largest: 0 };
  new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (each.hadRecentInput) return;
    seen.shift += each.value;
    seen.moved.push(...each.sources.map(it => it.node?.nodeType === 1 ? name(it.node) : it.node?.textContent.trim().slice(0, 30)));
  }))
    .observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver(list => list.getEntries().forEach(each => { seen.largest = each.startTime; }))
    .observe({ type: "largest-contentful-paint", buffered: true });

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const style = element => getComputedStyle(element);
  const name = element => {
    const text = (element.getAttribute("aria-label") || element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
    const kind = element.className && element.className.baseVal === undefined ? "." + element.className.trim().split(/\s+/).join(".") : "";
    return `<${element.localName}${element.id ? "#" + element.id.slice(0, 30) : ""}${kind.slice(0, 40)}> ${text}`.trim();
  };
  // Shown at all; words for the ear only (.vh) are a pixel large.
  const shown = element => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  };
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const controls = () => all(CONTROLS).filter(each => shown(each) && !each.disabled);
  // What one presses: a box that is painted by its label is pressed through it.
  const targets = () => controls().map(each =>
    each.matches("input[type=checkbox], input[type=radio], input[type=file]") && each.labels?.length ? each.labels[0] : each)
    .filter(each => !each.matches("[tabindex='0']:not(a, button, input, summary, select, textarea)"));
  const within = (element, ways) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
      if (ways.includes(style(box).overflowX)) return true;
    return false;
  };
  const scrolls = element => within(element, ["auto", "scroll"]);
  const clipped = element => within(element, ["auto", "scroll", "hidden", "clip"]);
  // A link within a sentence is as large as its words.
  const inline = element => style(element).display === "inline" && element.parentElement.textContent.trim().length > element.textContent.trim().length;

  const rgba = text => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = element => {
    for (let box = element; box; box = box.parentElement) {
      const colour = rgba(style(box).backgroundColor);
      if (colour.length && (colour[3] ?? 1) > 0.99) return colour;
    }
    return [255, 255, 255];
  };

  const eyes = window.eyes = {
    // A03
    headings() {
      const bad = [];
      const levels = all("h1, h2, h3, h4, h5, h6").filter(each => each.checkVisibility()).map(each => +each.localName[1]);
      if (levels.filter(each => each === 1).length !== 1) bad.push(`${levels.filter(each => each === 1).length} h1`);
      if (all("main").length !== 1) bad.push(`${all("main").length} main`);
      levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) bad.push(`h${level} after h${levels[i - 1]}`); });
      return bad;
    },

    // A04: each stop of the keyboard has a ring that can be told from its ground, and lies under nothing.
    rings() {
      const bad = [];
      const before = document.activeElement;
      for (const element of controls().filter(each => each.tabIndex >= 0)) {
        element.focus();
        if (document.activeElement !== element) continue;
        const look = style(element);
        const ring = [...(element.labels || []), element, element.parentElement].map(style).find(each => each.outlineStyle !== "none" && parseFloat(each.outlineWidth) >= 2) || look;
        if (ring.outlineStyle === "none" || parseFloat(ring.outlineWidth) < 2) bad.push(`no ring: ${name(element)}`);
        else if (!element.closest(".stage, .sheet, .justified, .alt-note")) {
          const found = contrast(rgba(ring.outlineColor), ground(element.parentElement));
          if (found < 3) bad.push(`ring of ${found.toFixed(1)} : 1: ${name(element)}`);
        }
        const box = [...element.getClientRects()].find(each => each.width && each.height);
        if (!box || look.opacity === "0") continue;
        const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height, innerHeight - Math.max(box.y, 0)) / 2];
        const top = document.elementFromPoint(x, Math.max(y, box.y + 1));
        if (!top || !(element.contains(top) || top.contains(element) || [...(element.labels || [])].some(each => each.contains(top))))
          bad.push(`${top ? "under " + name(top) : `out of sight (${Math.round(x)}, ${Math.round(y)})`}: ${name(element)}`);
      }
      before?.focus?.();
      return bad;
    },

    // A05
    listeners() {
      // Forms and dialogs listen to presses inside them.
      const allowed = "a, button, input, select, textarea, summary, label, dialog, form";
      return [...listened].filter(each => !each.matches(allowed) && !each.localName.includes("-") && each !== document.body)
        .map(each => `listens to clicks: ${name(each)}`);
    },

    // A06
    targets() {
      const boxes = targets().map(each => [each, each.getBoundingClientRect()]);
      const centre = box => [box.x + box.width / 2, box.y + box.height / 2];
      const bad = boxes.filter(([each, box]) => (box.width < 23.5 || box.height < 23.5) && !inline(each)).filter(([each, box]) => {
        const [x, y] = centre(box);
        return boxes.some(([other, its]) => {
          if (other === each || other.contains(each) || each.contains(other)) return false;
          const [dx, dy] = [Math.max(its.x - x, 0, x - its.right), Math.max(its.y - y, 0, y - its.bottom)];
          return Math.hypot(dx, dy) < 12;
        });
      }).map(([each, box]) => `${Math.round(box.width)} × ${Math.round(box.height)}: ${name(each)}`);
      if (matchMedia("(pointer: coarse)").matches)
        for (const [each, box] of boxes)
          if (each.matches(".btn.primary, .btn.danger, .btn.icon:not(.like), .nav a, .tabs a") && (box.width < 43.5 || box.height < 43.5))
            bad.push(`${Math.round(box.width)} × ${Math.round(box.height)} for a finger: ${name(each)}`);
      return bad;
    },

    // A07, D07, E03: nothing sticks out of the page, and no control is cut.
    fits() {
      const bad = [];
      const wide = document.documentElement.clientWidth;
      const page = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
      if (page > wide + 1) {
        const first = all("body *").find(each => each.getBoundingClientRect().right > wide + 1 && shown(each) && !clipped(each));
        bad.push(`${page} px wide on ${wide}${first ? ": " + name(first) : ""}`);
      }
      for (const each of controls()) {
        const box = each.getBoundingClientRect();
        if ((box.right > wide + 1 || box.x < -1) && !scrolls(each) && !each.matches(".skip")) bad.push(`sticks out: ${name(each)}`);
        const cut = ["hidden", "clip"].includes(style(each).overflowX) && style(each).textOverflow !== "ellipsis";
        if (cut && each.scrollWidth > each.clientWidth + 1 && !each.matches("input, .brand, .stage *")) bad.push(`cut: ${name(each)}`);
      }
      for (const each of all(".btn, .chip, h1, h2, label, legend, th")) {
        if (!shown(each) || scrolls(each) || style(each).display === "inline") continue;
        if (each.scrollWidth > each.clientWidth + 1 && !each.matches("label:has(input)")) bad.push(`words stick out: ${name(each)}`);
      }
      return bad;
    },

    // A08
    still() {
      return document.getAnimations().filter(each => each.playState === "running")
        .map(each => `moves: ${each.animationName || each.transitionProperty || "animation"} of ${name(each.effect.target)}`);
    },

    // A09
    zoom() {
      const found = all("meta[name=viewport]").map(each => each.content).join();
      return /width=device-width/.test(found) && !/user-scalable|maximum-scale/.test(found) ? [] : [`viewport: ${found}`];
    },

    // A10, under chosen colours: a control has a border or is words, and a ring.
    borders() {
      return controls().filter(each => each.matches(".btn, input:not([type=file], [type=radio], [type=checkbox], [type=range]), select, textarea"))
        .filter(each => {
          const look = style(each), box = style(each.closest(".control") || each.parentElement);
          return !["Top", "Bottom"].some(side => [look, box].some(it => it[`border${side}Style`] !== "none" && parseFloat(it[`border${side}Width`]) > 0));
        }).map(each => `no border: ${name(each)}`);
    },

    // A11
    names() {
      const bad = [];
      for (const each of all("img")) if (!each.hasAttribute("alt")) bad.push(`no alt: ${each.src.slice(0, 60)}`);
      for (const each of all(".frame picture .im")) if (!each.alt.trim()) bad.push(`a photo without words: ${each.src.slice(0, 60)}`);
      for (const each of all("a[href], button, summary")) {
        const words = each.cloneNode(true);
        all("[aria-hidden=true]", words).forEach(it => it.remove());
        const told = each.getAttribute("aria-label") || words.textContent.trim() || all("img[alt]", words).map(it => it.alt).join("");
        if (!told && each.getAttribute("aria-hidden") !== "true") bad.push(`nameless: ${name(each)}`);
      }
      return bad;
    },

    // D01: what stands side by side in bars and cards does not lie on one another.
    overlaps() {
      const bad = [];
      const rows = ".site, .nav ul, .tabs ul, .page-head, .post-head, .post-acts, .user-row, .acts, .row, .rows > li, .foot, .counts, .pages, .comment, .profile, .camera-line, .confirm form, .words, .field, .told, main";
      for (const row of all(rows)) {
        if (!shown(row)) continue;
        const parts = [...row.children].flatMap(each => style(each).display === "contents" ? [...each.children] : [each])
          .filter(each => shown(each) && !["absolute", "fixed", "sticky"].includes(style(each).position) && style(each).display !== "inline")
          .map(each => [each, each.getBoundingClientRect()]);
        parts.forEach(([one, a], i) => parts.slice(i + 1).forEach(([other, b]) => {
          const across = Math.min(a.right, b.right) - Math.max(a.x, b.x), down = Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y);
          if (across > 1 && down > 1) bad.push(`${name(one)} and ${name(other)} overlap`);
        }));
      }
      return bad;
    },

    // D01: the first paint waits for the style sheet.
    unstyled() {
      const paint = performance.getEntriesByName("first-paint")[0];
      const sheet = performance.getEntriesByType("resource").find(each => each.name.endsWith("/app.css"));
      return paint && sheet && sheet.responseEnd > paint.startTime + 1 ? [`painted ${Math.round(sheet.responseEnd - paint.startTime)} ms before its style`] : [];
    },

    // D04
    bar() {
      const items = all(".nav li").filter(shown);
      const bad = [];
      // The place of the fifth is kept for messages.
      if (matchMedia("(width < 48rem)").matches && items.length > 2 && ![4, 5].includes(items.length)) bad.push(`${items.length} in the bar`);
      const current = all(".nav [aria-current=page]");
      if (current.length > 1) bad.push(`${current.length} current`);
      for (const each of current) {
        const mark = getComputedStyle(each, "::before");
        if (shown(each) && (mark.content === "none" || rgba(mark.backgroundColor)[3] === 0)) bad.push(`no mark: ${name(each)}`);
      }
      return bad;
    },

    // D05
    sheets() {
      const bad = [];
      for (const each of all(".sheet, .justified")) if (style(each).columnGap !== "3px" || style(each).rowGap !== "3px") bad.push(`gutters: ${style(each).gap}`);
      for (const each of all(".frame, .frame .im")) if (parseFloat(style(each).borderRadius)) bad.push(`round photo: ${name(each)}`);
      for (const each of all(".plate, .post, .notice, .shot")) if (style(each).boxShadow !== "none") bad.push(`shadow: ${name(each)}`);
      return bad;
    },

    // D06
    empty() {
      const found = all(".empty");
      if (found.length !== 1) return [`${found.length} empty states`];
      const [words, acts] = [all("p", found[0]).length, all("a, button", found[0]).length];
      return words === 1 && acts <= 1 ? [] : [`${words} sentences, ${acts} actions`];
    },

    // F03
    photos() {
      const bad = [];
      // What the page is about; suggestions beside it may come later.
      const about = ":is(.feed, .justified, .looked-at, main > .sheet, .shot-thumb) .frame";
      const first = document.querySelector(about)?.querySelector("picture .im");
      all(`${about} picture .im`).forEach((each, i) => {
        const hurries = each.getAttribute("fetchpriority") === "high", lazy = each.loading === "lazy";
        const sibling = each.getAttribute("fetchpriority") === "low";
        if (each === first ? !hurries || each.hasAttribute("loading") : hurries || !(lazy || sibling)) bad.push(`${i ? "later" : "first"} photo: ${hurries ? "high" : ""} ${each.getAttribute("loading")}`);
        if (!each.width || !each.getAttribute("width") || !each.getAttribute("height")) bad.push("no size");
        if (!each.closest(".frame").querySelector(".ph")) bad.push("no placeholder");
      });
      return bad;
    },

    // F05: the well-compressed kind, and no wider than twice what is drawn.
    renditions() {
      const bad = [];
      for (const each of all(".frame picture .im")) {
        const found = each.currentSrc.match(/\/(\d+)\.(\w+)(?:\?|$)/);
        // What another page brought is taken, however large.
        if (!each.complete || !found || !shown(each) || !performance.getEntriesByName(each.currentSrc)[0]?.transferSize) continue;
        const [, width, kind] = found;
        const box = each.getBoundingClientRect();
        const [w, h] = [+each.getAttribute("width"), +each.getAttribute("height")];
        const drawn = style(each).objectFit === "contain" ? Math.min(box.width, box.height * w / h) : Math.max(box.width, box.height * w / h);
        if (kind !== "avif") bad.push(`${kind} is shown`);
        else if (+width > 320 && +width > 2 * drawn * devicePixelRatio) bad.push(`${width} wide for ${Math.round(drawn)}`);
      }
      return bad;
    },

    // I03
    markup() {
      return all("script:not([src]), style, [onerror], [onload], [onclick], [hx-get*=hostile], img[src*=hostile], iframe, object, embed, base")
        .map(each => `from words: ${name(each)}`);
    },

    // F01, F02
    measures() {
      // What another page of this visitor brought costs nothing here; fonts are told as loaded even where nobody needs them.
      const files = performance.getEntriesByType("resource")
        .filter(each => each.transferSize || !each.name.endsWith(".woff2")).map(each => each.name);
      return {
        files: [...new Set(files)],
        all: performance.getEntriesByType("resource").map(each => each.name),
        blocking: performance.getEntriesByType("resource").filter(each => each.renderBlockingStatus === "blocking").length,
        nodes: all("*").length, shift: seen.shift, moved: seen.moved, largest: seen.largest, cyrillic: /[\u0400-\u04ff]/.test(document.body.textContent),
      };
    },
  };
})();
