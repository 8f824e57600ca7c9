import { inLanguage } from '../../base/i18n.js';
import en from './en.js';
import fr from './fr.js';

export const W = inLanguage({ en, fr });
