// Bring the live figures of this page to life. A figure's module is loaded when the figure comes near the window.
(() => {
  // The script is deferred: the page stands.
  const placeholders = document.querySelectorAll(".attn-figure");
  // From disk no module can be loaded: the posters stand, and need no place for controls.
  if (location.protocol === "file:") {
    for (const el of placeholders) el.style.minHeight = "0";
    return;
  }
  const figures = new URL("figures/", document.currentScript.src);
  const NEAR = "1000px 0px";

  /** What anywidget gives to a figure in a notebook, for a page without a kernel. */
  function modelOf(state) {
    const events = new EventTarget();
    return {
      get: (key) => state[key],
      set(key, value) {
        state[key] = value;
        events.dispatchEvent(new Event(`change:${key}`));
      },
      on: (event, callback) => events.addEventListener(event, callback),
      off: (event, callback) => events.removeEventListener(event, callback),
      save_changes() {},
    };
  }

  /** The awaited value, or an error that says in words what is missing. */
  function or(words, promise) {
    return promise.catch(() => Promise.reject(new Error(words)));
  }

  async function weightsOf(file) {
    const response = await fetch(new URL(`weights/${file}`, figures));
    if (!response.ok) throw new Error(response.statusText);
    return new DataView(await response.arrayBuffer());
  }

  async function bringToLife(el) {
    try {
      const { figure, weights } = el.dataset;
      const read = async () => JSON.parse(el.querySelector("script.state").textContent);
      const [state, module, data] = await Promise.all([
        or("Its state cannot be read.", read()),
        or("Its program did not arrive.", import(new URL(`${figure}.mjs`, figures))),
        weights && or(`Its weights (${weights}) did not arrive.`, weightsOf(weights)),
      ]);
      module.default.render({ model: modelOf(data ? { ...state, weights: data } : state), el });
    } catch (error) {
      const problem = document.createElement("p");
      problem.className = "problem";
      problem.setAttribute("role", "alert");
      problem.textContent = `This figure cannot be drawn. ${error.message}`;
      el.prepend(problem);
      el.dataset.state = "error";
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
        watcher.unobserve(target);
        bringToLife(target);
      }
    },
    { rootMargin: NEAR },
  );
  for (const el of placeholders) watcher.observe(el);
})();
