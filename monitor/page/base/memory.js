// What this browser keeps between visits. Where storage is forbidden (some frames), the page works without it.
import { inApp } from './app.js';

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
