"""The texts and numbers of the screen, in French and English. Pure."""

from reader.meter.names import Text

_BLANK = "\N{NO-BREAK SPACE}"

# fmt: off
# ruff: noqa: E501  -- a row of the table is a line
_TEXTS = {
    "power":              Text("Puissance", "Power"),
    "available":          Text("disponible : {amount}", "available: {amount}"),
    "current":            Text("courant {amount}", "current {amount}"),
    "estimate":           Text("≈ {amount} actifs", "≈ {amount} active"),
    "of":                 Text("sur {amount}", "of {amount}"),
    "phase":              Text("Phase {number}", "Phase {number}"),
    "exporting":          Text("Injection", "Exporting"),
    "sources":            Text("Sources", "Sources"),
    "tariff":             Text("Tarif", "Tariff"),
    "today":              Text("aujourd'hui", "today"),
    "tomorrow":           Text("demain", "tomorrow"),
    "indexes":            Text("Index", "Indexes"),
    "imported":           Text("Total soutiré", "Total imported"),
    "exported":           Text("Total injecté", "Total exported"),
    "highest":            Text("Max du jour", "Max today"),
    "at":                 Text("{what} à {time}", "{what} at {time}"),
    "minutes":            Text("{number} min", "{number} min"),
    "highest_of":         Text("max {amount}", "max {amount}"),
    "cover":              Text("Cache-bornes ouvert", "Terminal cover open"),
    "cutoff":             Text("Organe de coupure {what}", "Cut-off device {what}"),
    "clock":              Text("L'horloge du compteur n'est pas fiable", "The meter's clock is not reliable"),
    "phase_missing":      Text("Une phase est absente", "A phase is missing"),
    "message":            Text("Message : {text}", "Message: {text}"),
    "meter":              Text("Compteur {number}", "Meter {number}"),
    "online":             Text("en ligne", "online"),
    "offline":            Text("aucune trame", "no frames"),
    "mode":               Text("mode {name}", "{name} mode"),
    "rate":               Text("{number} trames/s", "{number} frames/s"),
    "dropped":            Text("groupes rejetés {share}", "groups dropped {share}"),
    "parity":             Text("parité {number}", "parity {number}"),
    "quit":               Text("q : quitter", "q: quit"),
    "waiting":            Text("En attente d'une trame…", "Waiting for a frame…"),
    "no_frame_for":       Text("Aucune trame depuis {seconds} s.", "No frame for {seconds} s."),
    "check_line":         Text("Le compteur est-il branché, et le mode est-il le bon ?", "Is the meter connected, and the mode right?"),
    "check_broker":       Text("Le lecteur est-il démarré, et ce compte a-t-il le droit de lire {topic}/# ?", "Is the reader running, and may this account read {topic}/#?"),
    "other_meters":       Text("Trames reçues de {meters}, mais pas de {wanted} ; vérifiez --meter.", "Frames arrive from {meters}, but not from {wanted}; check --meter."),
    "more_meters":        Text("{number} autres compteurs : agrandissez la fenêtre, ou utilisez --meter", "{number} more meters: enlarge the window, or use --meter"),
    "too_small":          Text("Fenêtre trop petite", "The window is too small"),
    "another_program":    Text("un autre programme", "another program"),
    "process":            Text("{name} (processus {number})", "{name} (process {number})"),
    "broker_refuses":     Text("Le serveur MQTT {where} refuse l'accès : compte, mot de passe ou droits", "The broker {where} refused the connection: account, password or access rules"),
    "broker_unreachable": Text("Serveur MQTT {where} injoignable", "The broker {where} cannot be reached"),
    "broker_ended":       Text("Le serveur MQTT {where} a fermé la connexion", "The broker {where} closed the connection"),
    "broker_lost":        Text("Connexion perdue avec le serveur MQTT {where}", "The connection to the broker {where} is lost"),
    "broker_problem":     Text("Problème avec le serveur MQTT {where} ; lancez teleinfo-reader check", "Problem with the broker {where}; run teleinfo-reader check"),
    "port_missing":       Text("{where} : absent. L'adaptateur est-il branché ?", "{where}: no such device"),
    "port_denied":        Text("{where} : accès refusé ; ajoutez votre compte au groupe dialout", "{where}: permission denied"),
    "port_busy":          Text("{where} : un autre programme l'utilise", "{where}: another program has it open"),
    "port_refused":       Text("{where} : connexion refusée", "{where}: connection refused"),
    "port_unplugged":     Text("{where} : débranché", "{where}: unplugged"),
    "port_silent":        Text("{where} : aucune trame", "{where}: no frames"),
    "problem":            Text("{where} : problème ; lancez teleinfo-reader check", "{where}: problem; run teleinfo-reader check"),
    "problem_somewhere":  Text("Problème ; lancez teleinfo-reader check", "Problem; run teleinfo-reader check"),
    "refused":            Text("connexion refusée", "connection refused"),
    "timed_out":          Text("pas de réponse", "timed out"),
    "no_route":           Text("réseau injoignable", "no route"),
    "no_name":            Text("nom inconnu", "name not known"),
    "from_broker":        Text("{port} est lu par {who} : trames du serveur MQTT {broker}", "{port} is read by {who}: showing frames from the broker {broker}"),
}
# fmt: on


class Translations:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values."""
        return _TEXTS[key].of(self.language).format(**values)

    @property
    def colon(self) -> str:
        """A colon as the language writes it."""
        return ": " if self.language == "en" else " : "

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as the language writes it.

        >>> Translations("fr").number(1234.5, 1).replace(chr(160), "_"), Translations("en").number(1234.5, 1)
        ('1_234,5', '1,234.5')
        """
        text = f"{value:,.{decimals}f}"
        return text if self.language == "en" else text.replace(",", _BLANK).replace(".", ",")

    def kilo(self, value: int) -> str:
        """Return watt-hours as a number of kilowatt-hours.

        >>> Translations("en").kilo(8735124)
        '8,735.124'
        """
        return self.number(value / 1000, 3)

    def share(self, part: int, whole: int) -> str:
        """Return a share in percent; 0 if the whole is nothing.

        >>> Translations("en").share(1, 400).replace(chr(160), "_")
        '0.25_%'
        """
        return f"{self.number(100 * part / whole if whole else 0, 2)}{_BLANK}%"
