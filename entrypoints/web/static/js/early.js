// Here before most pages are drawn, so that it knows of the animation between two pages from its beginning; drawing does
// not wait for it. Whoever goes on quicker than it is shown the page without it, which is no failure to tell anybody of.

const hush = (animation) => {
  animation?.ready.catch(() => {});
  animation?.finished.catch(() => {});
};

for (const name of ["pageswap", "pagereveal"]) addEventListener(name, (event) => hush(event.viewTransition));
hush(document.activeViewTransition);
