// What the storer is asked to do: it does one thing after the other, and some of them only an hour later.
import * as api from '../../base/api.js';
import { language } from '../../base/i18n.js';

const EACH = 1000; // ms between two looks at what is done
const MOST_SILENT = 60; // looks without an answer: the server may only have been restarted

/** The kind of the imports that are fetched from a service: of a meter, all are one. */
export const FETCHED = 'conso';

/** @type {(requests: any[], kind: string) => any[]} */
export const asked = (requests, kind) => requests.filter((one) => one.kind === kind);

/** Why a request failed, in words. @type {(request: any) => string | undefined} */
export function problemOf({ problem, result }) {
  const said = problem ?? result?.problem;
  return typeof said === 'string' ? said : (said?.[language] ?? said?.detail);
}

/** Asks for something that needs no file: its number. @type {(kind: string, args: object) => Promise<number>} */
export async function begun(kind, args) {
  const { id } = await api.makeRequest(kind, args);
  await api.startRequest(id);
  return id;
}

/** Waits until a request has ended: {state, result, problem}. */
export async function ended(id, progress) {
  for (let silent = 0; ; ) {
    try {
      const one = await api.request(id);
      silent = 0;
      if (!['waiting', 'running'].includes(one.state)) return one;
      progress(one.progress);
    } catch (error) {
      if (error.status !== 0 && error.status !== 503) throw error;
      if (++silent > MOST_SILENT) throw error;
    }
    await new Promise((done) => setTimeout(done, EACH));
  }
}
