// Made by `python -m docs.tools.page_offers` from common/contract/offers.py.
export const COLOURS = {
  fr: {"blue": "Bleu", "white": "Blanc", "red": "Rouge"},
  en: {"blue": "Blue", "white": "White", "red": "Red"},
};
export const REGISTERS = {
  BBRHCJB: {"offer": "tempo", "hours": "hc", "colour": "blue", "css": "hc-blue", "fr": {"long": "Bleu · Heures creuses", "short": "Bleu HC", "column": "Bleu, heures creuses"}, "en": {"long": "Blue · Off-peak hours", "short": "Blue off-peak", "column": "Blue, off-peak hours"}},
  BBRHPJB: {"offer": "tempo", "hours": "hp", "colour": "blue", "css": "hp-blue", "fr": {"long": "Bleu · Heures pleines", "short": "Bleu HP", "column": "Bleu, heures pleines"}, "en": {"long": "Blue · Peak hours", "short": "Blue peak", "column": "Blue, peak hours"}},
  BBRHCJW: {"offer": "tempo", "hours": "hc", "colour": "white", "css": "hc-white", "fr": {"long": "Blanc · Heures creuses", "short": "Blanc HC", "column": "Blanc, heures creuses"}, "en": {"long": "White · Off-peak hours", "short": "White off-peak", "column": "White, off-peak hours"}},
  BBRHPJW: {"offer": "tempo", "hours": "hp", "colour": "white", "css": "hp-white", "fr": {"long": "Blanc · Heures pleines", "short": "Blanc HP", "column": "Blanc, heures pleines"}, "en": {"long": "White · Peak hours", "short": "White peak", "column": "White, peak hours"}},
  BBRHCJR: {"offer": "tempo", "hours": "hc", "colour": "red", "css": "hc-red", "fr": {"long": "Rouge · Heures creuses", "short": "Rouge HC", "column": "Rouge, heures creuses"}, "en": {"long": "Red · Off-peak hours", "short": "Red off-peak", "column": "Red, off-peak hours"}},
  BBRHPJR: {"offer": "tempo", "hours": "hp", "colour": "red", "css": "hp-red", "fr": {"long": "Rouge · Heures pleines", "short": "Rouge HP", "column": "Rouge, heures pleines"}, "en": {"long": "Red · Peak hours", "short": "Red peak", "column": "Red, peak hours"}},
  EJPHN: {"offer": "ejp", "hours": "hn", "colour": null, "css": "hc", "fr": {"long": "Heures normales", "short": "Heures normales", "column": "EJP, heures normales"}, "en": {"long": "Normal hours", "short": "Normal hours", "column": "EJP, normal hours"}},
  EJPHPM: {"offer": "ejp", "hours": "pm", "colour": null, "css": "hp-red", "fr": {"long": "Pointe mobile", "short": "Pointe mobile", "column": "EJP, pointe mobile"}, "en": {"long": "Mobile peak", "short": "Mobile peak", "column": "EJP, mobile peak"}},
  HCHC: {"offer": "hchp", "hours": "hc", "colour": null, "css": "hc", "fr": {"long": "Heures creuses", "short": "HC", "column": "Heures creuses"}, "en": {"long": "Off-peak hours", "short": "Off-peak", "column": "Off-peak hours"}},
  HCHP: {"offer": "hchp", "hours": "hp", "colour": null, "css": "hp", "fr": {"long": "Heures pleines", "short": "HP", "column": "Heures pleines"}, "en": {"long": "Peak hours", "short": "Peak", "column": "Peak hours"}},
  BASE: {"offer": "base", "hours": "base", "colour": null, "css": "base", "fr": {"long": "Base", "short": "Base", "column": "Base"}, "en": {"long": "Base", "short": "Base", "column": "Base"}},
};
