// What a bundle is made of: the server compares this digest with that of the sources beside the bundle, and serves the
// sources if they differ (sources_digest in monitor/web/files.py).
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SOURCE = /\.(?:js|css|html|svg|png|webmanifest)$/;

/** Returns the digest of the page's sources in a folder. */
export async function sourcesDigest(folder) {
  const found = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  const digest = createHash('sha256');
  for (const name of found.filter((file) => SOURCE.test(file) && !file.startsWith('dist/')).sort()) {
    const content = await readFile(join(folder, name));
    digest.update(`${name} ${content.length}\n`).update(content);
  }
  return digest.digest('hex');
}
