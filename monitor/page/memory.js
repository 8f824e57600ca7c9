// What this browser keeps between visits. Where storage is forbidden (some frames), the page works without it.
export function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Asked again on the next visit.
  }
}
