import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PAGE = new URL('../../monitor/page/', import.meta.url);

/** The words of a language: those that all rooms share, and each room's own under its name. */
async function words(language) {
  const files = readdirSync(PAGE, { recursive: true }).filter((file) => RegExp(`\\b${language}\\.js$`).test(file));
  const rooms = files.map(async (file) => [
    /(\w+)\/\w\w\.js$/.exec(file)[1],
    (await import(new URL(file, PAGE))).default,
  ]);
  const { base, ...own } = Object.fromEntries(await Promise.all(rooms));
  return { ...base, ...own };
}
const en = await words('en'),
  fr = await words('fr');

/** 'now.left(2)' for a function of two parameters, 'now.title' for a text. */
function* leaves(words, path = '') {
  for (const [name, value] of Object.entries(words)) {
    const here = path ? `${path}.${name}` : name;
    if (typeof value === 'function') yield `${here}(${value.length})`;
    else if (typeof value === 'object') yield* leaves(value, here);
    else yield here;
  }
}

test('French and English say the same things, with the same gaps to fill', () => {
  assert.deepEqual([...leaves(en)].sort(), [...leaves(fr)].sort());
});

test('no text is empty', () => {
  const empty = (words) =>
    Object.entries(words).flatMap(([name, value]) =>
      value === '' && !Array.isArray(words) ? [name] : value && typeof value === 'object' ? empty(value) : [],
    );
  assert.deepEqual(empty(fr), []);
  assert.deepEqual(empty(en), []);
});

/** Each text, those with gaps filled by numbers. */
function* texts(words, path = '') {
  for (const [name, value] of Object.entries(words)) {
    const here = path ? `${path}.${name}` : name;
    if (typeof value === 'string') yield [here, value];
    else if (typeof value === 'function') yield [here, [value(...Array(value.length).fill(1))].flat().join('')];
    else yield* texts(value, here);
  }
}

test('no French line begins with a sign that belongs to the word before it', () => {
  const apart = [...texts(fr)].filter(([, text]) => / [:;?!»%]|« |\d (h|V|W|min|kWh|€)\b/.test(text));
  assert.deepEqual(apart, []);
});

test('what cannot be counted has its plural only from two on in French, and besides one in English', () => {
  assert.match(fr.contracts.calendarSummary(0, 1, 2), /0 rouge, 1 blanc, 2 bleus/);
  assert.match(fr.status.spoolFrames(2), /trames/);
  assert.equal(fr.status.complete(86400).replaceAll(/\s/g, ' '), 'Relevé complet hier (86 400 trames).');
  assert.equal(fr.status.framesOnly(0), '0 trame hier.');
  assert.equal(fr.status.frames(1, 86400).replaceAll(/\s/g, ' '), '1 trame sur 86 400 hier.');
  assert.equal(fr.status.auditOk(1), 'aucun écart sur 1 jour');
  assert.equal(fr.status.auditBad(1, 2), '1 trame manque sur 2 jours');
  assert.equal(en.status.framesOnly(1), '1 frame yesterday.');
});

test('each text that the page asks for is there', () => {
  const folder = fileURLToPath(PAGE);
  const sources = readdirSync(folder, { recursive: true }).filter((name) =>
    /^(?!vendor|dist|.*\b(fr|en)\.js).*\.js$/.test(name),
  );
  const asked = sources.flatMap((name) => [...readFileSync(folder + name, 'utf8').matchAll(/\bT\.(\w+)/g)]);
  assert.ok(asked.length > 50);
  assert.deepEqual([...new Set(asked.map(([, name]) => name).filter((name) => !(name in fr)))], []);
});

test('one thing has one word on the page', () => {
  const all = [...texts(fr)].map(([, text]) => text).join('\n');
  assert.doesNotMatch(all, /[Ee]nregistreur|[Cc]ouverture/);
  assert.equal(fr.parts.summary.link.storer, 'Archiveur');
  assert.equal(fr.status.coverage, 'Temps mesuré');
  assert.equal(fr.columns.coverage, 'Mesuré');
});
