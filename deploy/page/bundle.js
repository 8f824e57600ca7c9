// Bundles the page into few files that a browser may keep for ever: their names have a hash of their content.
// The server takes the bundle where there is one, else the sources.   node deploy/page/bundle.js [folder]
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sourcesDigest } from './sources.js';

const SOURCES = fileURLToPath(new URL('../../monitor/page', import.meta.url));
const TARGET = ['es2022', 'chrome111', 'firefox115', 'safari16.4'];
/** Fetched by script, when a view needs them. */
const LAZY = ['vendor/uPlot.iife.min.js', 'vendor/uPlot.min.css'];
/** In the page itself; manifest and login page have it under this name. */
const ICON = 'icons/app.svg';
const COPIED = [ICON, 'icons/app-180.png', 'manifest.webmanifest', 'vendor/uPlot.LICENSE', 'vendor/uqr.LICENSE'];

/** Returns the names of the style sheet and of the scripts: of the first view, of other places, of the settings. */
export async function bundle(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const renamed = Object.fromEntries(await Promise.all(LAZY.map(async (file) => [file, await hashed(file, folder)])));
  const page = await readFile(join(SOURCES, 'index.html'), 'utf8');
  const sheets = [...page.matchAll(/<link rel="stylesheet" href="([^"]+)">/g)].map(([, file]) => file);

  const common = { bundle: true, minify: true, outdir: folder, target: TARGET, metafile: true, legalComments: 'none' };
  const script = await build({
    ...common,
    entryPoints: { entry: join(SOURCES, 'frame/main.js') },
    // All of the entry is shared with frame/others.js: a chunk, which the page loads. The entry itself is not needed.
    // What only others and settings share is a second chunk.
    splitting: true,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    format: 'esm',
    plugins: [renaming(renamed), sharing],
  });
  const style = await build({
    ...common,
    stdin: { contents: sheets.map((file) => `@import "./${file}";`).join('\n'), resolveDir: SOURCES, loader: 'css' },
    entryNames: 'page-[hash]',
  });
  const [first, shared] = chunksOf(script),
    [entry, others, settings] = namesOf(script, 6, 'entry', 'others', 'settings', 'uqr'),
    [sheet] = namesOf(style, 1, 'page'),
    names = { script: first, others, settings, shared, style: sheet };
  await rm(join(folder, entry));
  const icon = `data:image/svg+xml,${encodeURIComponent(await readFile(join(SOURCES, ICON), 'utf8'))}`;
  await writeFile(join(folder, 'index.html'), rewritten(page, names).replace(ICON, icon));
  for (const file of COPIED) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await copyFile(join(SOURCES, file), join(folder, file));
  }
  await writeFile(join(folder, 'made-of'), `${await sourcesDigest(SOURCES)}\n`);
  return names;
}

// As esbuild names its own: the server tells by the name that the content will never change.
async function hashed(file, folder) {
  const content = await readFile(join(SOURCES, file)),
    digest = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  const end = extname(file),
    name = `${basename(file, end).split('.')[0]}-${digest}${end}`;
  await writeFile(join(folder, name), content);
  return name;
}

function renaming(names) {
  return {
    name: 'renaming',
    setup: ({ onLoad }) =>
      onLoad({ filter: /[\\/]chart[\\/]uplot\.js$/ }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const [file, name] of Object.entries(names)) {
          if (!contents.includes(`'${file}'`)) throw new Error(`${path} does not name ${file}`);
          contents = contents.replaceAll(`'${file}'`, `'${name}'`);
        }
        return { contents, loader: 'js' };
      }),
  };
}

/** Lets what is fetched later import all that main.js needs: esbuild shares it in one file, not in many small ones. */
const sharing = {
  name: 'sharing',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]frame[\\/](?:others|settings)\.js$/ }, async ({ path }) => ({
      contents: `import './main.js';\n${await readFile(path, 'utf8')}`,
      loader: 'js',
    })),
};

/** The files that were made of these names; there are so many in all. */
function namesOf({ metafile }, count, ...begins) {
  const made = Object.keys(metafile.outputs).map((file) => basename(file)),
    found = begins.map((begin) => made.find((file) => file.startsWith(`${begin}-`)));
  if (made.length !== count || found.includes(undefined))
    throw new Error(`${begins.join(', ')} expected, and there are ${made.join(', ')}`);
  return found;
}

/** Both chunks, that of the first view first: it is the one with main.js. */
function chunksOf({ metafile }) {
  const chunks = Object.entries(metafile.outputs).filter(([file]) => basename(file).startsWith('chunk-')),
    isFirst = ([, { inputs }]) => Object.keys(inputs).some((file) => file.endsWith('frame/main.js'));
  return [chunks.find(isFirst), chunks.find((chunk) => !isFirst(chunk))].map(([file]) => basename(file));
}

function rewritten(page, { script, style }) {
  const lines = page.split('\n').filter((line) => !/rel="(?:stylesheet|modulepreload)"/.test(line));
  const text = lines
    .join('\n')
    .replace(
      '<script type="module" src="frame/main.js"></script>',
      `<link rel="stylesheet" href="${style}">\n<script type="module" src="${script}"></script>`,
    );
  if (!text.includes(script)) throw new Error('index.html does not load frame/main.js');
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? join(SOURCES, 'dist');
  const { script, style } = await bundle(folder);
  console.log(`${folder}: ${script}, ${style}`);
}
