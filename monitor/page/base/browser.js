// What the browser around the page is, and what it keeps between visits. Where storage is forbidden (some frames), the
// page works without it.
/** Whether this is Home Assistant's app, as the server says in index.html: there, nobody has a command line. */
export const inApp = () => 'app' in document.documentElement.dataset;

/** Home Assistant and all of its apps have one storage. */
const key = (name) => (inApp() ? `teleinfo-${name}` : name);

export function remembered(name) {
  try {
    return localStorage.getItem(key(name));
  } catch {
    return null;
  }
}
export function remember(name, value) {
  try {
    localStorage.setItem(key(name), value);
  } catch {
    // Asked again on the next visit.
  }
}
