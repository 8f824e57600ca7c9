// The page as static files: what it asks is answered by what was recorded. `recording` is that of recording.js.
// A visit begins at the moment of the recording; the live values go round.
(() => {
  const { at, files, events, length } = globalThis.recording;
  const recorded = new Set(files),
    asked = globalThis.fetch.bind(globalThis),
    base = document.baseURI,
    api = new URL('api/v1/', base).href;
  const WORDS = {
    fr: {
      unknown: 'Cette vue ne fait pas partie de la démonstration.',
      closed: 'Démonstration : rien n’y est enregistré.',
    },
    en: { unknown: 'This view is not part of the demo.', closed: 'A demo: nothing is saved here.' },
  };
  Date.now = () => at + Math.round(performance.now());

  // The file of an address is in a folder of this name. What is relative stays so when the page changes its address.
  document.querySelector('base')?.setAttribute('href', base);
  if (location.pathname !== new URL(base).pathname && location.pathname.endsWith('/'))
    history.replaceState(null, '', location.pathname.slice(0, -1) + location.search + location.hash);

  /** As demo/recording.py names an answer; the number of points depends on the screen. */
  function fileOf(url) {
    const values = [...url.searchParams].filter(([name]) => name !== 'points').sort(([a], [b]) => (a < b ? -1 : 1)),
      route = url.href.slice(api.length).replace(/\?.*/, '').replaceAll('/', '-');
    return `${[route, ...values.map(([, value]) => value)].join('_')}.json`;
  }
  const words = (url) => WORDS[url.searchParams.get('lang') === 'en' ? 'en' : 'fr'];
  /** Not 404: to the page that is a day or a meter of which nothing is known. */
  const refusal = (detail) =>
    new Response(JSON.stringify({ detail }), { status: 403, headers: { 'Content-Type': 'application/problem+json' } });

  globalThis.fetch = async (address, options) => {
    const url = new URL(address, base);
    if (!url.href.startsWith(api)) return asked(address, options);
    if (options?.method && options.method !== 'GET') return refusal(words(url).closed);
    const file = fileOf(url);
    return recorded.has(file) ? asked(new URL(`api/${file}`, base)) : refusal(words(url).unknown);
  };

  // A file to download would be one of the API.
  addEventListener(
    'click',
    (event) => {
      const link = event.target.closest('a[href]');
      if (!link?.href.startsWith(api)) return;
      event.preventDefault();
      event.stopPropagation();
      alert(words(new URL(link.href)).unknown);
    },
    true,
  );

  globalThis.EventSource = class extends EventTarget {
    readyState = 1;
    timer = setTimeout(() => this.play(0));
    /** @param {number} number of the event: it comes with the time at which it comes, and after the last one the first */
    play(number) {
      const { after, kind, data } = events[number],
        next = (number + 1) % events.length,
        later = Date.now() - at - after;
      const shifted = (time) => new Date(Date.parse(time) + later).toISOString();
      this.dispatchEvent(new MessageEvent(kind, { data: data.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, shifted) }));
      this.timer = setTimeout(() => this.play(next), next ? events[next].after - after : length - after);
    }
    close() {
      this.readyState = 2;
      clearTimeout(this.timer);
    }
  };
})();
