// The words of what few visits open: the bundle has them in the file of the other places, and not in that of the first view.
import contractsEn from '../places/contracts/en.js';
import devicesEn from '../sources/devices_en.js';
import whyEn from './why_en.js';
import contractsFr from '../places/contracts/fr.js';
import devicesFr from '../sources/devices_fr.js';
import whyFr from './why_fr.js';
import { language } from '../base/i18n.js';

const en = { contracts: contractsEn, devices: devicesEn, why: whyEn },
  fr = { contracts: contractsFr, devices: devicesFr, why: whyFr };
export const W = language === 'en' ? en : fr;
