// A section of the settings: what is saved, what was changed here, and what became of it. No drawing here.
import * as api from '../base/api.js';

const PAUSE = 500; // ms after the last change: one step of undo, and one price to compute
const TRIES = 3; // of a change that needs no form

/**
 * What became of a change: idle (it is what is saved), waiting, saving, saved, undone; wrong (errors: of which field),
 * elsewhere (somebody else was first), failed (why).
 * @typedef {{state: string, errors?: api.Remark[], warnings?: api.Remark[], bill?: any, problem?: api.Problem}} Outcome
 */

/**
 * Keeps a section while a form shows it.
 * @param {string} name
 * @param {api.Saved} saved
 * @param {(outcome: Outcome) => void} tell
 */
export function keeper(name, saved, tell) {
  let { value, version } = saved,
    timer = 0,
    /** @type {Promise<void> | null} */
    running = null;
  /** @type {any} what is to be saved, and what could not be */
  let wanted, unsent;
  /** @type {any[]} */
  const past = [];

  async function save() {
    while (wanted !== undefined) {
      const sent = wanted,
        isUndo = past.length > 0 && sent === past.at(-1);
      wanted = undefined;
      tell({ state: 'saving' });
      try {
        const answer = await api.saveSection(name, sent, version);
        isUndo ? past.pop() : past.push(value);
        ({ value, version } = answer);
        tell({ state: isUndo ? 'undone' : 'saved', warnings: answer.warnings, bill: answer.bill });
      } catch (error) {
        if (error.status === undefined) throw error;
        unsent = sent;
        await fail(error);
      }
    }
  }

  async function fail(problem) {
    if (problem.status === 422) return tell({ state: 'wrong', errors: problem.errors ?? [], problem });
    const present = problem.status === 412 && (await api.section(name).catch(() => null));
    if (!present) return tell({ state: 'failed', problem });
    wanted = undefined; // it was made of what is no more
    past.length = 0;
    ({ value, version } = present);
    tell({ state: 'elsewhere' });
  }

  function flush() {
    clearTimeout(timer);
    running ??= save().finally(() => {
      running = null;
    });
    return running;
  }
  return {
    /** What is saved. */
    get value() {
      return value;
    },
    get canUndo() {
      return past.length > 0;
    },
    /** Saves it, after a moment without another change. */
    change(next) {
      clearTimeout(timer);
      const isSaved = !running && JSON.stringify(next) === JSON.stringify(value);
      wanted = isSaved ? undefined : structuredClone(next);
      tell({ state: isSaved ? 'idle' : 'waiting' });
      if (!isSaved) timer = setTimeout(flush, PAUSE);
    },
    /** What waits is saved now. */
    flush,
    /** Puts back what was there before the last change. */
    undo() {
      wanted = past.at(-1);
      return flush();
    },
    /** Sends what could not be sent. */
    again() {
      wanted = unsent;
      return flush();
    },
  };
}

/**
 * Changes a section from where its value is missed; if another was first, from what he saved. Returns how to undo it.
 * @param {string} name
 * @param {(value: any) => any} change
 */
export async function changed(name, change) {
  for (let tries = 1; ; tries++) {
    const { value, version } = await api.section(name);
    try {
      const answer = await api.saveSection(name, change(structuredClone(value)), version);
      return { undo: () => api.saveSection(name, value, answer.version) };
    } catch (error) {
      if (error.status !== 412 || tries === TRIES) throw error;
    }
  }
}
