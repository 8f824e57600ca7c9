"""What alerts say, in French and English; both tables have the same keys.

Of each alert: `alert_KIND` is its name as a rule; `line` stands on the page and in lists, `title` and `body` are the
message that it begins (or happened), `end_title` and `end_body` that it is over. Without a `title`, `line` is it.
"""

from collections.abc import Mapping

FR: Mapping[str, str] = {
    "alert_phase": " sur la phase {phase}",
    "alert_times": "de {start} à {end}",
    "alert_day_times": "{day} de {start} à {end}",
    "alert_days_times": "du {first} à {start} au {last} à {end}",
    "alert_days": "{count} jours", "alert_day": "1 jour",
    "alert_months": "{count} mois", "alert_month": "1 mois",

    "alert_overload": "Puissance proche de la limite",
    "alert_silent": "Compteur, lecteur ou serveur MQTT muet",
    "alert_power_cut": "Coupure de courant",
    "alert_red": "Jour rouge",
    "alert_white": "Jour blanc",
    "alert_off_peak": "Heures creuses déplacées",
    "alert_budget": "Budget du mois",
    "alert_feed_in": "Injection arrêtée",
    "alert_backup": "Sauvegarde ancienne",
    "alert_disk": "Disque presque plein",
    "alert_loss": "Trames perdues",
    "alert_prices": "Prix anciens",

    "alert_overload_line": "Risque de coupure : {power}{phase}, limite {limit}",
    "alert_overload_title": "Risque de coupure : {power}{phase}",
    "alert_overload_body": "La limite est de {limit}. Arrêtez tout de suite un gros appareil : four, chauffage, "
                           "recharge.",
    "alert_overload_end_title": "Puissance revenue sous la limite",
    "alert_overload_end_body": "Pointe : {power}{phase}, pour une limite de {limit}. Durée : {length}.",

    "alert_silent_meter_line": "Aucune donnée du compteur",
    "alert_silent_meter_body": "Le compteur n’envoie plus rien depuis {since}. Vérifiez le câble et l’adaptateur : le "
                               "lecteur, lui, répond.",
    "alert_silent_meter_end_title": "Le compteur envoie à nouveau ses données",
    "alert_silent_meter_end_body": "Interruption {times}. Les kWh sont rattrapés ; la courbe garde un trou.",
    "alert_silent_reader_line": "Le lecteur ne répond plus",
    "alert_silent_reader_body": "Aucune nouvelle depuis {since}. Vérifiez que son ordinateur est allumé et relié au "
                                "réseau.",
    "alert_silent_reader_end_title": "Le lecteur répond à nouveau",
    "alert_silent_reader_end_body": "Absent {times}. S’il mesurait pendant ce temps, ses données arrivent maintenant.",
    "alert_silent_mqtt_line": "Le serveur MQTT ne répond plus",
    "alert_silent_mqtt_body": "Plus rien n’arrive depuis {since}. Vérifiez qu’il tourne : le lecteur garde les mesures "
                              "en attendant.",
    "alert_silent_mqtt_end_title": "Le serveur MQTT répond à nouveau",
    "alert_silent_mqtt_end_body": "Interruption {times}. Les mesures gardées par le lecteur arrivent.",

    "alert_power_cut_line": "Coupure de courant ({length}), {times}",
    "alert_power_cut_title": "Coupure de courant : {length}",
    "alert_power_cut_body": "Le courant a été coupé {times}. Vérifiez ce qui ne redémarre pas seul : "
                            "congélateur, box, chaudière.",

    "alert_red_line": "Jour rouge {day}{price}",
    "alert_red_title": "Demain, jour rouge",
    "alert_red_today_title": "Aujourd’hui, jour rouge",
    "alert_red_body": "{capital_day}, de 6 h à 22 h, évitez chauffage, four et lave-linge{price}.",
    "alert_red_reminder_title": "Rappel : demain, jour rouge",
    "alert_white_line": "Jour blanc {day}{price}",
    "alert_white_title": "Demain, jour blanc",
    "alert_white_today_title": "Aujourd’hui, jour blanc",
    "alert_white_body": "{capital_day}, de 6 h à 22 h, le courant est plus cher qu’un jour bleu{price}.",
    "alert_white_reminder_title": "Rappel : demain, jour blanc",
    "alert_price": " : {price} le kWh",

    "alert_off_peak_meter_line": "Vos heures creuses ont changé : {new} au lieu de {old}",
    "alert_off_peak_meter_title": "Vos heures creuses ont changé",
    "alert_off_peak_meter_body": "Depuis le {since} : {new}, au lieu de {old}. Réglez chauffe-eau, recharge et "
                                 "programmateurs sur les nouvelles heures.",
    "alert_off_peak_file_line": "Heures creuses du compteur : {new} ; de la configuration : {old}",
    "alert_off_peak_file_title": "Heures creuses à corriger",
    "alert_off_peak_file_body": "Votre compteur applique {new}, votre configuration dit {old}. Corrigez la "
                                "configuration, sinon les comparaisons d’offres seront fausses.",

    "alert_budget_line": "Budget du mois : {expected} prévus pour {budget}",
    "alert_budget_title": "Budget du mois : {expected} prévus pour {budget}",
    "alert_budget_body": "À ce rythme, le mois dépassera votre budget de {over}. Le bilan montre ce qui pèse.",
    "alert_budget_end_title": "Budget du mois : de nouveau respecté",
    "alert_budget_end_body": "La prévision est repassée sous {budget}.",

    "alert_feed_in_line": "Injection arrêtée depuis {days}",
    "alert_feed_in_body": "D’habitude, vous injectez {usual} par jour. Vérifiez l’onduleur et son disjoncteur.",
    "alert_feed_in_end_title": "L’injection a repris",
    "alert_feed_in_end_body": "Elle s’était arrêtée pendant {days}.",

    "alert_backup_line": "Dernière sauvegarde il y a {days}",
    "alert_backup_body": "Elle date du {last}. L’archiveur en fait une par nuit : son journal dit ce qui l’en empêche.",
    "alert_backup_end_title": "Sauvegarde à jour",
    "alert_backup_end_body": "Il n’y en avait plus eu depuis {days}.",

    "alert_disk_line": "Disque plein dans {days} : {free} libres",
    "alert_disk_title": "Disque plein dans {days}",
    "alert_disk_body": "Il reste {free}. Faites de la place, ou gardez les trames moins longtemps.",
    "alert_disk_end_title": "Le disque a de nouveau de la place",
    "alert_disk_end_body": "Il ne sera pas plein avant deux mois.",

    "alert_loss_line": "Trames perdues : {frames} ({times})",
    "alert_loss_title": "Trames perdues : {frames}",
    "alert_loss_body": "Elles manquent dans la base, {times}. Les kWh restent justes, ils viennent des index. "
                       "Regardez le journal du lecteur et de l’archiveur.",

    "alert_prices_line": "Prix à vérifier : {name}, {months} sans mise à jour",
    "alert_prices_title": "Prix à vérifier : {name}",
    "alert_prices_body": "Ils datent du {oldest}, les coûts affichés sont peut-être faux. Comparez avec votre facture "
                         "et complétez prices.yaml.",
    "alert_prices_end_title": "Prix à jour : {name}",
    "alert_prices_end_body": "Les coûts sont de nouveau calculés avec des prix récents.",
}  # fmt: skip

EN: Mapping[str, str] = {
    "alert_phase": " on phase {phase}",
    "alert_times": "from {start} to {end}",
    "alert_day_times": "on {day}, {start} to {end}",
    "alert_days_times": "from {first} at {start} to {last} at {end}",
    "alert_days": "{count} days", "alert_day": "1 day",
    "alert_months": "{count} months", "alert_month": "1 month",

    "alert_overload": "Power near the limit",
    "alert_silent": "Meter, reader or broker silent",
    "alert_power_cut": "Power cut",
    "alert_red": "Red day",
    "alert_white": "White day",
    "alert_off_peak": "Off-peak hours moved",
    "alert_budget": "Month’s budget",
    "alert_feed_in": "Nothing exported",
    "alert_backup": "Old backup",
    "alert_disk": "Disk nearly full",
    "alert_loss": "Frames lost",
    "alert_prices": "Old prices",

    "alert_overload_line": "About to trip: {power}{phase}, limit {limit}",
    "alert_overload_title": "About to trip: {power}{phase}",
    "alert_overload_body": "The limit is {limit}. Switch off something big right now: oven, heating, car charger.",
    "alert_overload_end_title": "Power back below the limit",
    "alert_overload_end_body": "It peaked at {power}{phase}, with a limit of {limit}. Duration: {length}.",

    "alert_silent_meter_line": "No data from the meter",
    "alert_silent_meter_body": "The meter has sent nothing since {since}. Check the cable and the adapter; the reader "
                               "itself responds.",
    "alert_silent_meter_end_title": "The meter is sending data again",
    "alert_silent_meter_end_body": "It was silent {times}. The kWh are recovered; the curve keeps a gap.",
    "alert_silent_reader_line": "The reader is not responding",
    "alert_silent_reader_body": "Nothing heard from it since {since}. Check that its computer is on and connected to "
                                "the network.",
    "alert_silent_reader_end_title": "The reader is back",
    "alert_silent_reader_end_body": "It was away {times}. If it kept measuring, its data is arriving now.",
    "alert_silent_mqtt_line": "The MQTT broker is not responding",
    "alert_silent_mqtt_body": "Nothing has arrived since {since}. Check that it runs; the reader keeps the readings "
                              "meanwhile.",
    "alert_silent_mqtt_end_title": "The MQTT broker is back",
    "alert_silent_mqtt_end_body": "It was away {times}. The readings kept by the reader are arriving.",

    "alert_power_cut_line": "Power cut ({length}) {times}",
    "alert_power_cut_title": "Power cut: {length}",
    "alert_power_cut_body": "The power was off {times}. Check what does not restart by itself: freezer, router, "
                            "boiler.",

    "alert_red_line": "Red day on {day}{price}",
    "alert_red_title": "Tomorrow is a red day",
    "alert_red_today_title": "Today is a red day",
    "alert_red_body": "{capital_day}, 06:00 to 22:00: avoid heating, oven and washing machine{price}.",
    "alert_red_reminder_title": "Reminder: tomorrow is a red day",
    "alert_white_line": "White day on {day}{price}",
    "alert_white_title": "Tomorrow is a white day",
    "alert_white_today_title": "Today is a white day",
    "alert_white_body": "{capital_day}, 06:00 to 22:00: electricity costs more than on a blue day{price}.",
    "alert_white_reminder_title": "Reminder: tomorrow is a white day",
    "alert_price": " ({price} per kWh)",

    "alert_off_peak_meter_line": "Your off-peak hours have moved: {new} instead of {old}",
    "alert_off_peak_meter_title": "Your off-peak hours have moved",
    "alert_off_peak_meter_body": "Since {since}: {new} instead of {old}. Set your water heater, car charger and timers "
                                 "to the new hours.",
    "alert_off_peak_file_line": "Off-peak hours of the meter: {new}; in the configuration: {old}",
    "alert_off_peak_file_title": "Off-peak hours to correct",
    "alert_off_peak_file_body": "Your meter applies {new}, your configuration says {old}. Correct the configuration, "
                                "or the comparison of offers will be wrong.",

    "alert_budget_line": "Over the month’s budget: {expected} expected, {budget} planned",
    "alert_budget_title": "Month’s budget: {expected} expected, {budget} planned",
    "alert_budget_body": "At this rate the month will be {over} over budget. The review shows what weighs most.",
    "alert_budget_end_title": "Back within the month’s budget",
    "alert_budget_end_body": "The forecast is below {budget} again.",

    "alert_feed_in_line": "Nothing exported for {days}",
    "alert_feed_in_body": "You usually export {usual} a day. Check the inverter and its breaker.",
    "alert_feed_in_end_title": "Exporting again",
    "alert_feed_in_end_body": "It had stopped for {days}.",

    "alert_backup_line": "Last backup {days} ago",
    "alert_backup_body": "It dates from {last}. The storer makes one each night: its log says what prevents it.",
    "alert_backup_end_title": "Backup up to date",
    "alert_backup_end_body": "There had been none for {days}.",

    "alert_disk_line": "Disk full in {days}: {free} free",
    "alert_disk_title": "Disk full in {days}",
    "alert_disk_body": "{free} are left. Free some space, or keep frames for a shorter time.",
    "alert_disk_end_title": "The disk has space again",
    "alert_disk_end_body": "It will not be full within two months.",

    "alert_loss_line": "Frames lost: {frames} ({times})",
    "alert_loss_title": "Frames lost: {frames}",
    "alert_loss_body": "They are missing from the database, {times}. The kWh are still right, they come from the "
                       "meter’s index. Look at the logs of reader and storer.",

    "alert_prices_line": "Check the prices: {name}, not updated for {months}",
    "alert_prices_title": "Check the prices: {name}",
    "alert_prices_body": "They date from {oldest}, so the costs shown may be wrong. Compare them with your bill, and "
                         "complete prices.yaml.",
    "alert_prices_end_title": "Prices up to date: {name}",
    "alert_prices_end_body": "Costs are computed with recent prices again.",
}  # fmt: skip
TEXTS: Mapping[str, Mapping[str, str]] = {"fr": FR, "en": EN}
