"""What alerts say, in French and English, side by side.

Of each kind, `line` stands on the page and in lists, `title` and `body` are the message that it begins (or happened),
`end_title` and `end_body` that it is over. Without a `title`, `line` is it. A variant of a kind stands before:
`meter_line`. `why_` is followed by a code of `monitor.alerts.child`.
"""

from collections.abc import Mapping

_Pair = tuple[str, str]  # in French, in English

_OF_KIND: Mapping[str, Mapping[str, _Pair]] = {
    "overload": {
        "line": ("Risque de coupure : {power}{phase}, limite {limit}", "About to trip: {power}{phase}, limit {limit}"),
        "title": ("Risque de coupure : {power}{phase}", "About to trip: {power}{phase}"),
        "body": ("La limite est de {limit}. Arrêtez tout de suite un gros appareil : four, chauffage, recharge.",
                 "The limit is {limit}. Switch off something big right now: oven, heating, car charger."),
        "end_title": ("Puissance revenue sous la limite", "Power back below the limit"),
        "end_body": ("Pointe : {power}{phase}, pour une limite de {limit}. Durée : {length}.",
                     "It peaked at {power}{phase}, with a limit of {limit}. Duration: {length}."),
    },
    "silent": {
        "meter_line": ("Aucune donnée du compteur", "No data from the meter"),
        "meter_body": ("Le compteur n’envoie plus rien depuis {since}. Vérifiez l’adaptateur, et son câble ou sa "
                       "liaison sans fil : le lecteur, lui, répond.",
                       "The meter has sent nothing since {since}. Check the adapter, and its cable or its wireless "
                       "link; the reader itself responds."),
        "meter_end_title": ("Le compteur envoie à nouveau ses données", "The meter is sending data again"),
        "meter_end_body": ("Interruption {times}. Les kWh sont rattrapés ; la courbe garde un trou.",
                           "It was silent {times}. The kWh are recovered; the curve keeps a gap."),
        "reader_line": ("Le lecteur ne répond plus", "The reader is not responding"),
        "reader_body": ("Aucune nouvelle depuis {since}. Vérifiez que son ordinateur est allumé et relié au réseau.",
                        "Nothing heard from it since {since}. Check that its computer is on and connected to the "
                        "network."),
        "reader_end_title": ("Le lecteur répond à nouveau", "The reader is back"),
        "reader_end_body": ("Absent {times}. S’il mesurait pendant ce temps, ses données arrivent maintenant.",
                            "It was away {times}. If it kept measuring, its data is arriving now."),
        "mqtt_line": ("Le serveur MQTT ne répond plus", "The MQTT broker is not responding"),
        "mqtt_body": ("Plus rien n’arrive depuis {since}. Vérifiez qu’il tourne : le lecteur garde les mesures en "
                      "attendant.",
                      "Nothing has arrived since {since}. Check that it runs; the reader keeps the readings "
                      "meanwhile."),
        "mqtt_end_title": ("Le serveur MQTT répond à nouveau", "The MQTT broker is back"),
        "mqtt_end_body": ("Interruption {times}. Les mesures gardées par le lecteur arrivent.",
                          "It was away {times}. The readings kept by the reader are arriving."),
    },
    "power_cut": {
        "line": ("Coupure de courant ({length}), {times}", "Power cut ({length}) {times}"),
        "title": ("Coupure de courant : {length}", "Power cut: {length}"),
        "body": ("Le courant a été coupé {times}. Vérifiez ce qui ne redémarre pas seul : congélateur, box, "
                 "chaudière.",
                 "The power was off {times}. Check what does not restart by itself: freezer, router, boiler."),
    },
    "red": {
        "line": ("Jour rouge {day}{price}", "Red day on {day}{price}"),
        "title": ("Demain, jour rouge", "Tomorrow is a red day"),
        "today_title": ("Aujourd’hui, jour rouge", "Today is a red day"),
        "body": ("{capital_day}, de 6 h à 22 h, évitez chauffage, four et lave-linge{price}.",
                 "{capital_day}, 06:00 to 22:00: avoid heating, oven and washing machine{price}."),
        "reminder_title": ("Rappel : demain, jour rouge", "Reminder: tomorrow is a red day"),
        "meter_line": ("{capital_day} : jour {colour} d’après le compteur, et non rouge comme annoncé",
                       "{capital_day}: a {colour} day by the meter, not red as announced"),
        "meter_title": ("Demain, finalement pas de jour rouge", "Tomorrow is not a red day after all"),
        "meter_today_title": ("Aujourd’hui, finalement pas de jour rouge", "Today is not a red day after all"),
        "meter_body": ("{capital_day} : le compteur dit jour {colour}, l’annonce disait rouge. C’est le compteur qui "
                       "est facturé.",
                       "{capital_day}: the meter says {colour}, the announcement said red. The meter is what is "
                       "billed."),
    },
    "white": {
        "line": ("Jour blanc {day}{price}", "White day on {day}{price}"),
        "title": ("Demain, jour blanc", "Tomorrow is a white day"),
        "today_title": ("Aujourd’hui, jour blanc", "Today is a white day"),
        "body": ("{capital_day}, de 6 h à 22 h, le courant est plus cher qu’un jour bleu{price}.",
                 "{capital_day}, 06:00 to 22:00: electricity costs more than on a blue day{price}."),
        "reminder_title": ("Rappel : demain, jour blanc", "Reminder: tomorrow is a white day"),
        "meter_line": ("{capital_day} : jour {colour} d’après le compteur, et non blanc comme annoncé",
                       "{capital_day}: a {colour} day by the meter, not white as announced"),
        "meter_title": ("Demain, finalement pas de jour blanc", "Tomorrow is not a white day after all"),
        "meter_today_title": ("Aujourd’hui, finalement pas de jour blanc", "Today is not a white day after all"),
        "meter_body": ("{capital_day} : le compteur dit jour {colour}, l’annonce disait blanc. C’est le compteur qui "
                       "est facturé.",
                       "{capital_day}: the meter says {colour}, the announcement said white. The meter is what is "
                       "billed."),
    },
    "off_peak": {
        "meter_line": ("Vos heures creuses ont changé : {new} au lieu de {old}",
                       "Your off-peak hours have moved: {new} instead of {old}"),
        "meter_title": ("Vos heures creuses ont changé", "Your off-peak hours have moved"),
        "meter_body": ("Depuis le {since} : {new}, au lieu de {old}. Réglez chauffe-eau, recharge et programmateurs"
                       " sur les nouvelles heures.",
                       "Since {since}: {new} instead of {old}. Set your water heater, car charger and timers to the"
                       " new hours."),
        "file_line": ("Heures creuses du compteur : {new} ; de votre contrat : {old}",
                      "Off-peak hours of the meter: {new}; of your contract: {old}"),
        "file_title": ("Heures creuses à corriger", "Off-peak hours to correct"),
        "file_body": ("Votre compteur applique {new}, votre contrat indique {old}. Corrigez-le dans Réglages, "
                      "sinon les comparaisons d’offres seront fausses.",
                      "Your meter applies {new}, your contract says {old}. Correct it in Settings, or the comparison "
                      "of offers will be wrong."),
    },
    "budget": {
        "line": ("Budget du mois : environ {expected} prévus{range} pour un budget de {budget}",
                 "Month’s budget: about {expected} expected{range} for a budget of {budget}"),
        "title": ("Budget du mois : environ {expected} prévus pour {budget}",
                  "Month’s budget: about {expected} expected, {budget} planned"),
        "body": ("Environ {expected} prévus{range} pour un budget de {budget}. Le bilan montre ce qui pèse.",
                 "About {expected} expected{range} for a budget of {budget}. The review shows what weighs most."),
    },
    "feed_in": {
        "line": ("Injection arrêtée depuis {days}", "Nothing exported for {days}"),
        "body": ("D’habitude, vous injectez {usual} par jour. Vérifiez l’onduleur et son disjoncteur.",
                 "You usually export {usual} a day. Check the inverter and its breaker."),
        "end_title": ("L’injection a repris", "Exporting again"),
        "end_body": ("Elle s’était arrêtée pendant {days}.", "It had stopped for {days}."),
    },
    "backup": {
        "line": ("Dernière sauvegarde il y a {days}", "Last backup {days} ago"),
        "body": ("Elle date du {last}. Lancez-en une dans Réglages\u00a0: ce qui l’empêche y sera affiché.",
                 "It dates from {last}. Start one in Settings: what prevents it is shown there."),
        "end_title": ("Sauvegarde à jour", "Backup up to date"),
        "end_body": ("Il n’y en avait plus eu depuis {days}.", "There had been none for {days}."),
    },
    "disk": {
        "line": ("Disque plein dans {days} : {free} libres", "Disk full in {days}: {free} free"),
        "title": ("Disque plein dans {days}", "Disk full in {days}"),
        "body": ("Il reste {free}. Faites de la place, ou gardez les trames moins longtemps.",
                 "{free} are left. Free some space, or keep frames for a shorter time."),
        "end_title": ("Le disque a de nouveau de la place", "The disk has space again"),
        "end_body": ("Il ne sera pas plein avant deux mois.", "It will not be full within two months."),
    },
    "loss": {
        "line": ("Trames perdues : {frames} ({times})", "Frames lost: {frames} ({times})"),
        "title": ("Trames perdues : {frames}", "Frames lost: {frames}"),
        "body": ("Elles manquent dans la base, {times}. Les kWh restent justes, ils viennent des index. Regardez le"
                 " journal du lecteur et de l’archiveur.",
                 "They are missing from the database, {times}. The kWh are still right, they come from the meter’s "
                 "index. Look at the logs of reader and storer."),
    },
    "prices": {
        "line": ("Prix à vérifier : {name}, {months} sans mise à jour",
                 "Check the prices: {name}, not updated for {months}"),
        "title": ("Prix à vérifier : {name}", "Check the prices: {name}"),
        "body": ("Ils datent du {oldest}, les coûts affichés sont peut-être faux. Comparez-les avec "
                 "votre facture et saisissez les vôtres dans Réglages.",
                 "They date from {oldest}, so the costs shown may be wrong. Compare them with your bill, and "
                 "enter yours in Settings."),
        "end_title": ("Prix à jour : {name}", "Prices up to date: {name}"),
        "end_body": ("Les coûts sont de nouveau calculés avec des prix récents.",
                     "Costs are computed with recent prices again."),
    },
}  # fmt: skip
_COMMON: Mapping[str, _Pair] = {
    "alert_phase": (" sur la phase {phase}", " on phase {phase}"),
    "alert_times": ("de {start} à {end}", "from {start} to {end}"),
    "alert_day_times": ("{day} de {start} à {end}", "on {day}, {start} to {end}"),
    "alert_days_times": ("du {first} à {start} au {last} à {end}", "from {first} at {start} to {last} at {end}"),
    "alert_days": ("{count} jours", "{count} days"),
    "alert_day": ("1 jour", "1 day"),
    "alert_months": ("{count} mois", "{count} months"),
    "alert_month": ("1 mois", "1 month"),
    "alert_range": (", entre {low} et {high},", ", between {low} and {high},"),
    "alert_price": (" : {price} le kWh", " ({price} per kWh)"),

    "alerts_active": ("En cours", "Active"),
    "alerts_past": ("Passées", "Past"),
    "alerts_addresses": ("Envois", "Sent"),
    "alerts_rules": ("Règles", "Rules"),
    "alerts_none": ("rien", "none"),
    "alerts_on": ("oui", "on"),
    "alerts_off": ("non", "off"),
    "alerts_address": ("{name} : {became}", "{name}: {became}"),
    "alerts_as_of": ("État du {day} à {time}.", "As of {day} {time}."),
    "alerts_never": ("Le service n’a pas encore écrit d’état.", "The service has not written its state yet."),
    "alerts_no_address": ("aucune adresse : aucun message n’est envoyé", "no address: no message is sent"),
    "delivery_sent": ("{count} envoyés, le dernier le {day} à {time}", "{count} sent, the last on {day} at {time}"),
    "delivery_sent_one": ("1 envoyé, le {day} à {time}", "1 sent, on {day} at {time}"),
    "delivery_waiting": ("{count} en attente", "{count} waiting"),
    "delivery_failed": ("{count} sans succès", "{count} failed"),
    "delivery_why": ("échec le {day} à {time} : {why}", "failure on {day} at {time}: {why}"),
    "test_title": ("TeleInfo Monitor : essai", "TeleInfo Monitor: test"),
    "test_body": ("Cet essai est bien arrivé : les alertes arriveront ici aussi.",
                  "This test has arrived: alerts will arrive here, too."),
    "test_accepted": ("le service a accepté le message", "the service accepted the message"),
    "test_sent": ("{name} : envoyé", "{name}: sent"),
    "test_failed": ("{name} : échec, {why}", "{name}: failed, {why}"),

    "why_http": ("le service a répondu {number}", "the service answered {number}"),
    "why_http_401": ("accès refusé (401) : vérifiez l’identifiant, le mot de passe ou le jeton",
                     "access denied (401): check user name, password or token"),
    "why_http_403": ("accès refusé (403) : vérifiez l’identifiant, le mot de passe ou le jeton",
                     "access denied (403): check user name, password or token"),
    "why_http_404": ("introuvable (404) : vérifiez l’adresse", "not found (404): check the address"),
    "why_http_429": ("trop de messages pour ce service (429)", "too many messages for this service (429)"),
    "why_smtp": ("le serveur de messagerie a répondu {number}", "the mail server answered {number}"),
    "why_smtp_535": ("identifiant ou mot de passe refusé (535)", "user name or password refused (535)"),
    "why_host": ("nom de serveur introuvable", "unknown host name"),
    "why_refused": ("connexion refusée : service arrêté, ou autre adresse",
                    "connection refused: service stopped, or another address"),
    "why_certificate": ("certificat refusé", "certificate refused"),
    "why_tls": ("pas de TLS à cette adresse", "no TLS at this address"),
    "why_network": ("réseau inaccessible", "network unreachable"),
    "why_timeout": ("pas de réponse à temps", "no answer in time"),
    "why_address": ("adresse non reconnue", "address not understood"),
    "why_package": ("le paquet Python apprise manque", "the Python package apprise is missing"),
    "why_gone": ("adresse retirée", "address removed"),
    "why_expired": ("trop tard pour l’envoyer", "too late to be sent"),
    "why_crashed": ("envoi interrompu", "sending was interrupted"),
    "why_other": ("refusé par le service", "refused by the service"),
}  # fmt: skip


def _in(place: int) -> dict[str, str]:
    of_kind = {f"alert_{kind}_{part}": pair[place] for kind, parts in _OF_KIND.items() for part, pair in parts.items()}
    return of_kind | {key: pair[place] for key, pair in _COMMON.items()}


TEXTS: Mapping[str, Mapping[str, str]] = {"fr": _in(0), "en": _in(1)}
"""By language and key: `alert_KIND_line` is the line of a kind."""


def why(code: str, language: str) -> str:
    """Say why a message was not sent: a code of `monitor.alerts.child`.

    >>> why("http 503", "en"), why("smtp 535", "fr")
    ('the service answered 503', 'identifiant ou mot de passe refusé (535)')
    """
    texts = TEXTS[language]
    kind, _, number = code.partition(" ")
    text = texts.get(f"why_{kind}_{number}") or texts.get(f"why_{kind}", texts["why_other"])
    return text.format(number=number)
