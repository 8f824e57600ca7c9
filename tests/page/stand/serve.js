// Serves the page with the answers of answers.js:   node tests/page/stand/serve.js [port] [folder]
// GET /stage/NAME stages a state: empty, mute, mqtt, reader, storer, database, overload, near, tomorrow, unpriced, young,
// late, swallow, ended, alarm, refused (a device's topic, by the broker), devices, above (devices that count too much),
// dawn (the roof makes nothing yet), decoded (the meter, by another device), ok; in Home Assistant's app install (neither
// port nor broker), port, broker; open (no password). GET /clock/MS is the time from now on, as epoch milliseconds.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { alerts, answer, IN_APP } from './answers.js';
import { homeAssistant } from './home_assistant.js';
import { household } from './settings.js';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const MESSAGES = await readFile(new URL('../../../monitor/web/http.py', import.meta.url), 'utf8');
const [HASH] = MESSAGES.match(/'sha256-[^']+'/);
const CSP = `default-src 'self'; script-src 'self' ${HASH}; base-uri 'self'; frame-ancestors 'self'`;

export function serve({ port = 0, folder = fileURLToPath(new URL('../../../monitor/page', import.meta.url)) } = {}) {
  let state = 'ok',
    ahead = 0; // of the clock of this machine, ms
  const now = () => Date.now() + ahead,
    home = household(),
    there = homeAssistant();
  const streams = new Set();

  async function respond(request, response) {
    const address = new URL(request.url, 'http://page');
    const path = decodeURIComponent(address.pathname).slice(1);
    if (path.startsWith('stage/')) {
      state = path.slice(6);
      for (const stream of streams) stream.end();
      return send(request, response, 200, 'text/plain', state);
    }
    // Whoever asks has the time of the household from the answer, as browsers have it from a server.
    response.setHeader('Date', new Date(now()).toUTCString());
    if (path.startsWith('clock/')) {
      ahead = +path.slice(6) - Date.now();
      return send(request, response, 200, 'text/plain', new Date(now()).toISOString());
    }
    if (state === 'ended' && path.startsWith('api/')) return send(request, response, 401, 'text/plain', 'Unauthorized');
    if (path === 'api/v1/live/stream') return stream(address.searchParams, response);
    if (/^api\/v1\/(?:settings|requests|imports|access|fetch|alerts\/test)/.test(path)) {
      const text = await bodyOf(request),
        body = request.headers['content-type'] === 'application/json' ? JSON.parse(text) : text;
      if (state === 'database') return send(request, response, 503, 'application/problem+json', '{"status": 503}');
      const given = home.respond(request.method, path.slice(7), address.searchParams, body, request.headers, now());
      if (given.version !== undefined) response.setHeader('ETag', `"${given.version}"`);
      return send(request, response, given.status, 'application/json', JSON.stringify(given.body));
    }
    if (path.startsWith('api/v1/home-assistant')) {
      const text = await bodyOf(request),
        ask = ({ series, meter, dry_run }) => {
          const args = { kind: 'home-assistant', name: 'Home Assistant', meter, dry_run, series },
            made = { kind: 'import', arguments: args },
            of = (method, route, body) => home.respond(method, route, new URLSearchParams(), body, {}, now()).body,
            { id } = of('POST', 'requests', made);
          return of('POST', `requests/${id}/start`, null);
        };
      const given = there.respond(request.method, path.slice(7), text ? JSON.parse(text) : null, ask);
      return send(request, response, given.status, 'application/json', JSON.stringify(given.body));
    }
    if (path.startsWith('api/v1/')) {
      try {
        const body = answer(path.slice(7), address.searchParams, now(), state);
        return send(request, response, 200, 'application/json', JSON.stringify(body));
      } catch (problem) {
        if (!problem.status) throw problem;
        return send(request, response, problem.status, 'application/problem+json', JSON.stringify(problem));
      }
    }
    const known = extname(path) in TYPES || path.endsWith('.webmanifest');
    const text = await readFile(join(folder, known ? path : 'index.html')).catch(() => null);
    if (!text) return send(request, response, 404, 'text/plain', 'not found');
    if (known) return send(request, response, 200, TYPES[extname(path)] ?? 'application/manifest+json', text);
    const base = '../'.repeat(path.split('/').length - 1) || './';
    const page = text.toString().replace('<base href="./">', `<base href="${base}">`);
    return send(
      request,
      response,
      200,
      'text/html',
      page.replace('<html', `<html${IN_APP.includes(state) ? ' data-app' : state === 'open' ? ' data-open' : ''}`),
    );
  }

  function stream(query, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 3000\n\n');
    const tell = () => {
      if (state === 'swallow') return;
      const { ring, links, today, peak, ...news } = answer('live', query, now(), state);
      response.write(`event: alerts\ndata: ${JSON.stringify(alerts(now(), state).active)}\n\n`);
      response.write(`event: link\ndata: ${JSON.stringify(links)}\n\n`);
      response.write(`event: state\nid: ${news.at}\ndata: ${JSON.stringify(news)}\n\n`);
    };
    tell();
    const timer = setInterval(tell, 1000);
    streams.add(response);
    response.on('close', () => {
      clearInterval(timer);
      streams.delete(response);
    });
  }

  const server = createServer((request, response) =>
    respond(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    }),
  );
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done(server)));
}

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function send(request, response, status, type, body) {
  const bytes = Buffer.from(body),
    zip = /gzip/.test(request.headers['accept-encoding'] ?? '') && bytes.length > 1000;
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Security-Policy': CSP,
    'Cache-Control': 'no-store',
    ...(zip && { 'Content-Encoding': 'gzip' }),
  });
  response.end(zip ? gzipSync(bytes) : bytes);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve({ port: +(process.argv[2] ?? 8765), ...(process.argv[3] && { folder: process.argv[3] }) });
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
