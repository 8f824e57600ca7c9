// Made by `python -m docs.tools.page_offers` from common/contract/offers.py.
export const COLOURS = {
  fr: {"blue": "Bleu", "white": "Blanc", "red": "Rouge"},
  en: {"blue": "Blue", "white": "White", "red": "Red"},
};
export const REGISTERS = {
  BBRHCJB: {"offer": "tempo", "hours": "hc", "colour": "blue", "css": "hc-blue", "fr": {"long": "Bleu · Heures creuses", "short": "Bleu HC"}, "en": {"long": "Blue · Off-peak hours", "short": "Blue off-peak"}},
  BBRHPJB: {"offer": "tempo", "hours": "hp", "colour": "blue", "css": "hp-blue", "fr": {"long": "Bleu · Heures pleines", "short": "Bleu HP"}, "en": {"long": "Blue · Peak hours", "short": "Blue peak"}},
  BBRHCJW: {"offer": "tempo", "hours": "hc", "colour": "white", "css": "hc-white", "fr": {"long": "Blanc · Heures creuses", "short": "Blanc HC"}, "en": {"long": "White · Off-peak hours", "short": "White off-peak"}},
  BBRHPJW: {"offer": "tempo", "hours": "hp", "colour": "white", "css": "hp-white", "fr": {"long": "Blanc · Heures pleines", "short": "Blanc HP"}, "en": {"long": "White · Peak hours", "short": "White peak"}},
  BBRHCJR: {"offer": "tempo", "hours": "hc", "colour": "red", "css": "hc-red", "fr": {"long": "Rouge · Heures creuses", "short": "Rouge HC"}, "en": {"long": "Red · Off-peak hours", "short": "Red off-peak"}},
  BBRHPJR: {"offer": "tempo", "hours": "hp", "colour": "red", "css": "hp-red", "fr": {"long": "Rouge · Heures pleines", "short": "Rouge HP"}, "en": {"long": "Red · Peak hours", "short": "Red peak"}},
  EJPHN: {"offer": "ejp", "hours": "hn", "colour": null, "css": "hc", "fr": {"long": "Heures normales", "short": "Heures normales"}, "en": {"long": "Normal hours", "short": "Normal hours"}},
  EJPHPM: {"offer": "ejp", "hours": "pm", "colour": null, "css": "hp-red", "fr": {"long": "Pointe mobile", "short": "Pointe mobile"}, "en": {"long": "Mobile peak", "short": "Mobile peak"}},
  HCHC: {"offer": "hchp", "hours": "hc", "colour": null, "css": "hc", "fr": {"long": "Heures creuses", "short": "HC"}, "en": {"long": "Off-peak hours", "short": "Off-peak"}},
  HCHP: {"offer": "hchp", "hours": "hp", "colour": null, "css": "hp", "fr": {"long": "Heures pleines", "short": "HP"}, "en": {"long": "Peak hours", "short": "Peak"}},
  BASE: {"offer": "base", "hours": "base", "colour": null, "css": "base", "fr": {"long": "Base", "short": "Base"}, "en": {"long": "Base", "short": "Base"}},
};
