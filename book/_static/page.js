// What a page needs beside the theme's own scripts.

// Print and full screen: the theme's handlers stand in the markup, where the policy lets none run.
document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("[data-press]")?.dataset.press;
  if (pressed === "print") window.print();
  if (pressed === "full-screen") window.toggleFullScreen();
});

// What scrolls sideways can be reached with the keyboard.
(() => {
  const WIDE = ".cell_output, mjx-container[display], .pst-scrollable-table-container, .bd-article pre";
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const node of document.querySelectorAll(WIDE)) watcher.observe(node);
})();

// A frame is filled when it comes near the window.
(() => {
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
        watcher.unobserve(target);
        target.srcdoc = target.dataset.srcdoc;
      }
    },
    { rootMargin: "300px 0px" },
  );
  for (const frame of document.querySelectorAll("iframe[data-srcdoc]")) watcher.observe(frame);
})();

// Chromium keeps the boxes that it drew for the first words that asked for the Chinese font: when it has come, the style
// changes how text is drawn, and they are drawn anew.
(() => {
  const look = () => {
    const came = ({ family, status }) => family.includes("Book Chinese") && status === "loaded";
    if ([...document.fonts].some(came)) document.documentElement.dataset.chineseFont = "";
  };
  document.fonts.addEventListener("loadingdone", look);
  look();
})();
