// Here before anything is drawn, so that it knows of the animation between two pages from its beginning.
// Whoever goes on quicker than it is shown the page without it, which is no failure to tell anybody of.

for (const name of ["pageswap", "pagereveal"])
  addEventListener(name, ({ viewTransition }) => {
    viewTransition?.ready.catch(() => {});
    viewTransition?.finished.catch(() => {});
  });
