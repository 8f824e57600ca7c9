import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

const installed = existsSync(new URL('../../node_modules/esbuild', import.meta.url));
const skip = installed ? false : 'esbuild is not installed: npm ci';
const page = (file) => new URL(`../../monitor/page/${file}`, import.meta.url);
let folder, names;

before(async () => {
  if (!installed) return;
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const { bundle } = await import('../../deploy/page/bundle.js');
  names = await bundle(folder);
});
after(() => folder && rmSync(folder, { recursive: true }));

const read = (name) => readFileSync(join(folder, name));
const found = (pattern, text) => [...text.matchAll(pattern)].map(([all, part]) => part ?? all);

test('the first view loads one script and one style sheet, with hashes in their names', { skip }, () => {
  assert.match(names.script, /^chunk-[0-9A-Z]{8}\.js$/);
  assert.match(names.style, /^page-[0-9A-Z]{8}\.css$/);
  const asked = found(/(?:href|src)="([^"#]+)"/g, `${read('index.html')}`);
  const files = asked.filter((file) => file !== './' && !/^(?:api\/|data:)/.test(file));
  assert.deepEqual(files.sort(), ['icons/app-180.png', 'manifest.webmanifest', names.style, names.script].sort());
  for (const file of files) assert.ok(existsSync(join(folder, file)), file);
});

test('the script that loads the page again is there as the policy of the server knows it', { skip }, () => {
  const inline = (text) => found(/<script>(.*?)<\/script>/gs, `${text}`);
  assert.equal(inline(read('index.html')).length, 1);
  assert.deepEqual(inline(read('index.html')), inline(readFileSync(page('index.html'))));
});

test('what is fetched later is there under the name that the script asks for', { skip }, () => {
  const asked = [
    ...found(/uPlot-[0-9A-Z]{8}\.\w+/g, `${read(names.others)}`),
    ...found(/(?:others|settings)-[0-9A-Z]{8}\.js/g, `${read(names.script)}`),
  ];
  assert.equal(new Set(asked).size, 4);
  for (const file of asked) assert.ok(existsSync(join(folder, file)), file);
  assert.ok(existsSync(join(folder, 'vendor/uPlot.LICENSE')));
});

test('the first view leaves room in 60 kB for its data; the other places are not part of it', { skip }, () => {
  const sizes = ['index.html', 'manifest.webmanifest', names.script, names.style].map((f) => gzipSync(read(f)).length),
    first = sizes.reduce((sum, size) => sum + size);
  assert.ok(first < 50_000, `${first} bytes compressed`);
});

test('the place of the settings leaves room in 150 kB for the answers of a household', { skip }, () => {
  const files = ['index.html', 'manifest.webmanifest', names.script, names.style, names.settings, names.shared].map(
      (f) => read(f),
    ),
    forms = Object.values(JSON.parse(`${readFileSync(new URL('stand/fields.json', import.meta.url))}`)).map((form) =>
      JSON.stringify(form),
    );
  const own = [...files, ...forms].map((part) => gzipSync(part).length).reduce((sum, size) => sum + size);
  assert.ok(own < 100_000, `${own} bytes compressed`); // the rest is for its answers
});

test('the same sources make the same names', { skip }, async () => {
  const again = mkdtempSync(join(tmpdir(), 'bundle-'));
  const { bundle } = await import('../../deploy/page/bundle.js');
  assert.deepEqual(await bundle(again), names);
  assert.deepEqual(readdirSync(again).sort(), readdirSync(folder).sort());
  rmSync(again, { recursive: true });
});

test('nothing of the page is on another host; it only links to others', { skip }, () => {
  const known = [
    'http://www.w3.org/2000/svg',
    'https://conso.boris.sh/',
    'https://open-meteo.com/',
    'https://my.home-assistant.io/redirect/supervisor_addon/?addon=core_mosquitto',
  ];
  for (const name of ['index.html', names.script, names.others, names.settings, names.style]) {
    const hosts = found(/https?:\/\/[^"'`)\s]+/g, `${read(name)}`);
    assert.ok(
      hosts.every((host) => known.includes(host)),
      `${hosts}`,
    );
  }
});

test('what a checkout loads early exists', () => {
  const text = readFileSync(page('index.html'), 'utf8');
  const files = found(/<(?:link|script)[^>]*(?:href|src)="([^"]+)"/g, text);
  assert.ok(files.length > 10);
  for (const file of files) assert.ok(existsSync(page(file)), file);
});

test('what others wrote is the version of the lock, with its licence', { skip }, () => {
  const ours = (file) => readFileSync(page(`vendor/${file}`));
  const theirs = (file) => readFileSync(new URL(`../../node_modules/${file}`, import.meta.url));
  assert.deepEqual(ours('uPlot.iife.min.js'), theirs('uplot/dist/uPlot.iife.min.js'));
  assert.deepEqual(ours('uPlot.min.css'), theirs('uplot/dist/uPlot.min.css'));
  assert.deepEqual(ours('uPlot.LICENSE'), theirs('uplot/LICENSE'));
  assert.deepEqual(ours('uqr.js'), theirs('uqr/dist/index.mjs'));
  assert.deepEqual(ours('uqr.d.ts'), theirs('uqr/dist/index.d.mts'));
  assert.deepEqual(ours('uqr.LICENSE'), theirs('uqr/LICENSE'));
});
