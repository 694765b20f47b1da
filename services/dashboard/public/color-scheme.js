// Runs before the first paint so that a dark page never flashes white. A file of its own: the page allows no inline script.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("flotilla-color-scheme");
  } catch {
    // Storage may be closed to us; the system's choice is right then.
  }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.mantineColorScheme = chosen === "light" || chosen === "dark" ? chosen : system;
})();
