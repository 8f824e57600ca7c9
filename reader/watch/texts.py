"""The words and numbers of the screen that shows a meter, in French and in English. Pure."""

from reader.meter.names import Text

_BLANK = "\N{NO-BREAK SPACE}"

# fmt: off
# ruff: noqa: E501  -- a row of the table is a line
_TEXTS = {
    "power":         Text("Puissance",                         "Power"),
    "left":          Text("reste {amount}",                    "{amount} left"),
    "drawn":         Text("appel {amount}",                    "draws {amount}"),
    "estimate":      Text("≈ {amount} actifs",                  "≈ {amount} active"),
    "of":            Text("sur {amount}",                      "of {amount}"),
    "phase":         Text("Phase {number}",                    "Phase {number}"),
    "exporting":     Text("Injection",                         "Exporting"),
    "tariff":        Text("Tarif",                             "Tariff"),
    "today":         Text("aujourd'hui",                       "today"),
    "tomorrow":      Text("demain",                            "tomorrow"),
    "indexes":       Text("Index",                             "Indexes"),
    "imported":      Text("Total soutiré",                     "Total imported"),
    "exported":      Text("Total injecté",                     "Total exported"),
    "highest":       Text("Max du jour",                       "Max today"),
    "at":            Text("{what} à {time}",                   "{what} at {time}"),
    "minutes":       Text("{number} min",                      "{number} min"),
    "highest_of":      Text("max {amount}",                      "max {amount}"),
    "cover":         Text("Cache-bornes ouvert",               "Terminal cover open"),
    "cutoff":        Text("Organe de coupure {what}",          "Cut-off device {what}"),
    "clock":         Text("Horloge du compteur incertaine",    "The meter is unsure of its clock"),
    "phase_missing": Text("Il manque une phase",               "A phase is missing"),
    "message":       Text("Message : {text}",                  "Message: {text}"),
    "meter":         Text("Compteur {number}",                 "Meter {number}"),
    "online":        Text("en ligne",                          "online"),
    "offline":       Text("aucune trame",                      "no frames"),
    "mode":          Text("mode {name}",                       "{name} mode"),
    "rate":          Text("{number} trames/s",                 "{number} frames/s"),
    "dropped":       Text("groupes rejetés {share}",           "groups dropped {share}"),
    "parity":        Text("parité {number}",                   "parity {number}"),
    "quit":          Text("q quitte",                          "q quits"),
    "waiting":       Text("En attente d'une trame…",           "Waiting for a frame…"),
    "wait_longer":   Text("Rien depuis {seconds} s.",          "Nothing for {seconds} s."),
    "ask_line":      Text("Le compteur est-il relié, et dans le bon mode ?", "Is the meter connected, and in the right mode?"),
    "ask_broker":    Text("Le lecteur tourne-t-il, et ce compte peut-il lire {topic}/# ?", "Does the reader run, and may this account read {topic}/#?"),
    "other_meters": Text("Entendu : {meters}, mais pas {wanted} ; voyez --meter.", "Heard: {meters}, but not {wanted}; see --meter."),
    "more_meters":   Text("{number} autres compteurs : agrandir, ou --meter", "{number} more meters: a larger window, or --meter"),
    "too_small":     Text("Fenêtre trop petite",               "The window is too small"),
    "another":       Text("un autre programme",                "another program"),
    "process":       Text("{name} (processus {number})",       "{name} (process {number})"),
    "broker_refuses":     Text("Le broker {where} refuse l'accès : compte, mot de passe ou droits", "The broker {where} refused the connection: account, password or access rules"),
    "broker_unreachable": Text("Broker {where} injoignable",             "The broker {where} cannot be reached"),
    "broker_ended":       Text("Le broker {where} a fermé la connexion", "The broker {where} closed the connection"),
    "broker_lost":        Text("Connexion perdue avec le broker {where}", "The connection to the broker {where} is lost"),
    "broker_trouble":     Text("Problème avec le broker {where} ; voir teleinfo-reader check", "Trouble with the broker {where}; see teleinfo-reader check"),
    "port_missing":       Text("{where} : absent. Est-il branché ?",     "{where}: no such device"),
    "port_denied":        Text("{where} : accès refusé ; il faut être dans le groupe dialout", "{where}: permission denied"),
    "port_busy":          Text("{where} : un autre programme l'utilise", "{where}: another program has it open"),
    "port_refused":       Text("{where} : connexion refusée",            "{where}: connection refused"),
    "port_unplugged":     Text("{where} : débranché",                    "{where}: unplugged"),
    "port_silent":        Text("{where} : aucune trame",                 "{where}: no frames"),
    "trouble":            Text("{where} : problème ; voir teleinfo-reader check", "{where}: trouble; see teleinfo-reader check"),
    "trouble_somewhere":  Text("Problème ; voir teleinfo-reader check",  "Trouble; see teleinfo-reader check"),
    "refused":       Text("connexion refusée",                 "connection refused"),
    "timed_out":     Text("pas de réponse",                    "timed out"),
    "no_route":      Text("réseau injoignable",                "no route"),
    "no_name":       Text("nom inconnu",                       "name not known"),
    "from_broker":   Text("{port} est lu par {who} : trames du broker {broker}", "{port} is read by {who}: frames from the broker {broker}"),
}
# fmt: on


class Translations:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """Return a text, with what stands in it."""
        return _TEXTS[key].of(self.language).format(**values)

    @property
    def colon(self) -> str:
        """What stands between a thing and what is said of it."""
        return ": " if self.language == "en" else " : "

    def number(self, value: float, decimals: int = 0) -> str:
        """Write a number.

        >>> Words("fr").number(1234.5, 1).replace(chr(160), "_"), Words("en").number(1234.5, 1)
        ('1_234,5', '1,234.5')
        """
        text = f"{value:,.{decimals}f}"
        return text if self.language == "en" else text.replace(",", _BLANK).replace(".", ",")

    def kilo(self, value: int) -> str:
        """Write a number of watt-hours in kilowatt-hours.

        >>> Words("en").kilo(8735124)
        '8,735.124'
        """
        return self.number(value / 1000, 3)

    def share(self, part: int, whole: int) -> str:
        """Write a share in percent; of nothing it is none.

        >>> Words("en").share(1, 400).replace(chr(160), "_")
        '0.25_%'
        """
        return f"{self.number(100 * part / whole if whole else 0, 2)}{_BLANK}%"
