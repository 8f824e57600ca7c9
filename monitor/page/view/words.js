// The words of what few visits open: the bundle has them in the file of the other places, and not in that of the first view.
import contractsEn from '../en/contracts.js';
import devicesEn from '../en/devices.js';
import whyEn from '../en/why.js';
import contractsFr from '../fr/contracts.js';
import devicesFr from '../fr/devices.js';
import whyFr from '../fr/why.js';
import { language } from '../i18n.js';

const en = { contracts: contractsEn, devices: devicesEn, why: whyEn },
  fr = { contracts: contractsFr, devices: devicesFr, why: whyFr };
export const W = language === 'en' ? en : fr;
