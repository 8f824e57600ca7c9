"""What the reader's doctor says in French, by the English sentence."""

from collections.abc import Mapping

from common.contract.address import FRENCH_MODELS
from common.doctor import french
from reader.french import TEXTS as OF_THE_CONFIGURATION

_SUBJECTS = {
    "Clock": "Horloge",
    "Delivery": "Livraison",
    "Journal": "Tampon en mémoire",
    "Line": "Ligne",
    "Meter": "Compteur",
    "Reader": "Lecteur",
    "Spool": "Réserve",
}
_PORT = {
    "{port} does not exist; {_others}; brltty uses the USB adapter {id}": (
        "{port} n’existe pas ; {_others} ; brltty utilise l’adaptateur USB {id}"
    ),
    "{port} does not exist; {_others}": "{port} n’existe pas ; {_others}",
    "existing ports: {ports}": "ports présents : {ports}",
    "there is no serial port at all": "il n’y a aucun port série",
    "sudo apt remove brltty (it is for Braille displays), then unplug the adapter and plug it in again": (
        "sudo apt remove brltty (il sert aux plages braille), puis débranchez et rebranchez l’adaptateur"
    ),
    "plug the interface in; ls /dev/serial/by-id should then show it": (
        "branchez l’interface ; ls /dev/serial/by-id doit alors la montrer"
    ),
    "plug it in, or set port in reader.yaml to an existing one": (
        "branchez-le, ou donnez à port, dans reader.yaml, un port présent"
    ),
    "for a shield: {word}={value} in {file}, then reboot; otherwise: {_fix}": (
        "pour une carte sur les broches : {word}={value} dans {file}, puis redémarrez ; sinon : {_fix}"
    ),
    "{port} is not a serial port": "{port} n’est pas un port série",
    "set port: the device of your interface, see {page}": "port : le périphérique de votre interface, voyez {page}",
    "{port} is connected to Bluetooth on this {pi}; the pins of a shield are on another UART": (
        "{port} est relié au Bluetooth sur ce {pi} ; les broches d’une carte sont sur un autre UART"
    ),
    "set port: {device}. Or use this UART for the pins, without Bluetooth: {line} in {file}, {command}, then reboot": (
        "port : {device}. Ou cet UART pour les broches, sans Bluetooth : {line} dans {file}, {command}, puis redémarrez"
    ),
    "set port: {device}, and {line} in {file}": "port : {device}, et {line} dans {file}",
    "set port: {device}": "port : {device}",
    "{port} is not the UART of a shield's pins on this {pi}: that is {other}": (
        "{port} n’est pas l’UART des broches sur ce {pi} : c’est {other}"
    ),
    "{port} is disabled: config.txt has no line {line}": ("{port} est désactivé : config.txt n’a pas de ligne {line}"),
    "the system's console uses {port}, and takes characters of the meter (the kernel's command line)": (
        "la console du système utilise {port}, et prend des caractères du compteur (ligne de commande du noyau)"
    ),
    "the system's console uses {port}, and takes characters of the meter ({file})": (
        "la console du système utilise {port}, et prend des caractères du compteur ({file})"
    ),
    "in {file}, write {line} in place of {other}, then sudo reboot": (
        "dans {file}, écrivez {line} à la place de {other}, puis sudo reboot"
    ),
    "remove only {option} from the settings of the boot loader, then sudo reboot": (
        "retirez seulement {option} des réglages du chargeur de démarrage, puis sudo reboot"
    ),
    "a login prompt runs on {port} ({unit})": "une invite de connexion tourne sur {port} ({unit})",
    "the user {user} may not read {port}: this container has no rule for devices with the major number {n}": (
        "l’utilisateur {user} ne peut pas lire {port} : ce conteneur n’a pas de règle pour les périphériques de numéro"
        " majeur {n}"
    ),
    "add to compose.override.yaml: {rule}, see {page}": "ajoutez à compose.override.yaml : {rule}, voyez {page}",
    "the user {user} may not read {port}: it belongs to group {n} of the host": (
        "l’utilisateur {user} ne peut pas lire {port} : il appartient au groupe {n} de l’hôte"
    ),
    "set TIC_GROUP={n} in .env, then {command}": "écrivez TIC_GROUP={n} dans .env, puis {command}",
    "the user {user} may not read {port}: the user is not in the group {group}, or has not logged in since": (
        "l’utilisateur {user} ne peut pas lire {port} : il n’est pas dans le groupe {group}, ou ne s’est pas reconnecté"
        " depuis"
    ),
    "{command}, then log in again; then: {_command}": "{command}, puis reconnectez-vous ; puis : {_command}",
    "the user {user} may not read {port}": "l’utilisateur {user} ne peut pas lire {port}",
    "unplug it and plug it in again; if that does not help: {command}": (
        "débranchez-le et rebranchez-le ; si cela ne suffit pas : {command}"
    ),
    "the reader may read {port}, but you may not": "le lecteur peut lire {port}, mais pas vous",
    "to check the line, too: {_command}": "pour vérifier aussi la ligne : {_command}",
    "{port} is in use by {name} (process {n}): two programs on one port steal each other's characters": (
        "{port} est utilisé par {name} (processus {n}) : deux programmes sur un port se volent des caractères"
    ),
    "{command}; where a modem needs it, see {page}": "{command} ; si un modem en a besoin, voyez {page}",
    "end it: {command}, and find out who starts it": "arrêtez-le : {command}, et cherchez qui le démarre",
    "{port}: in use by the running reader (process {n})": "{port} : utilisé par le lecteur (processus {n})",
    "in use by the running reader (process {n})": "utilisé par le lecteur (processus {n})",
    "exists, is free and may be read": "présent, libre et lisible",
}
_LINE = {
    "another program has it open": "un autre programme l’a ouvert",
    "{_command} shows which": "{_command} montre lequel",
    "{port} is silent: no character in {n} s": "{port} est muet : aucun caractère en {n} s",
    "at the meter: connect the two wires to I1 and I2 (not A), and tighten the terminals; here: is it the right port,"
    " and has the interface power? The output of an old white meter may be off: ask Enedis to enable it": (
        "au compteur : reliez les deux fils à I1 et I2 (pas A), et serrez les bornes ; ici : est-ce le bon port, et"
        " l’interface est-elle alimentée ? La sortie d’un ancien compteur blanc peut être coupée : demandez à Enedis de"
        " l’activer"
    ),
    "{port} is always low: {n} characters in {_n} s, nearly all of them 0": (
        "{port} reste à l’état bas : {n} caractères en {_n} s, presque tous des 0"
    ),
    "check the wiring: the interface inverts its signal, or RXD is connected to ground": (
        "vérifiez le câblage : l’interface inverse son signal, ou RXD est à la masse"
    ),
    "{port}: single lines of a meter are readable, but no whole frame in {n} s": (
        "{port} : des lignes isolées d’un compteur sont lisibles, mais aucune trame entière en {n} s"
    ),
    "single lines of a meter are readable, but no whole frame in {n} s": (
        "des lignes isolées d’un compteur sont lisibles, mais aucune trame entière en {n} s"
    ),
    "check for longer (--seconds 30); if that does not help: {_wires}": (
        "vérifiez plus longtemps (--seconds 30) ; si cela ne suffit pas : {_wires}"
    ),
    "shorten the cable, keep it away from mains cables, tighten the terminals; on a µTeleinfo V3 adjust the"
    " potentiometer; an interface made for older meters may be too slow": (
        "raccourcissez le câble, éloignez-le des câbles du secteur, serrez les bornes ; sur un µTeleinfo V3, réglez le"
        " potentiomètre ; une interface faite pour d’anciens compteurs peut être trop lente"
    ),
    "shorten the cable, keep it away from mains cables, tighten the terminals; on a µTeleinfo V3 adjust the"
    " potentiometer": (
        "raccourcissez le câble, éloignez-le des câbles du secteur, serrez les bornes ; sur un µTeleinfo V3, réglez le"
        " potentiomètre"
    ),
    "shorten the cable, keep it away from mains cables, tighten the terminals; see {page}": (
        "raccourcissez le câble, éloignez-le des câbles du secteur, serrez les bornes ; voyez {page}"
    ),
    "only {_count} in {n} s": "seulement {_count} en {n} s",
    "1 stray character": "1 caractère isolé",
    "{n} stray characters": "{n} caractères isolés",
    "fasten the wires. On an old meter the output may be set to pulses (métrologie): ask Enedis for télé-information": (
        "fixez les fils. Sur un ancien compteur, la sortie peut être en impulsions (métrologie) : demandez à Enedis la"
        " télé-information"
    ),
    "{n} characters in {time} s, but no line of a meter, neither at 9600 nor at 1200 bit/s": (
        "{n} caractères en {time} s, mais aucune ligne d’un compteur, ni à 9600 ni à 1200 bit/s"
    ),
    "is a meter on this port? Then check the interface: it inverts its signal (polarity), or is too slow. The order of"
    " the meter's two wires does not matter": (
        "y a-t-il un compteur sur ce port ? Alors vérifiez l’interface : elle inverse son signal (polarité), ou est"
        " trop lente. L’ordre des deux fils du compteur n’importe pas"
    ),
    "the meter sends in {_mode} mode, but reader.yaml has mode: {word}": (
        "le compteur émet en mode {_mode}, mais reader.yaml a mode : {word}"
    ),
    "standard": "standard",
    "historic": "historique",
    "set mode: auto, which also follows when the supplier changes it": (
        "écrivez mode: auto, qui suit aussi quand le fournisseur en change"
    ),
    "this is a {family} meter of a large site: it sends no ADCO or ADSC, so nothing is published for it": (
        "c’est un compteur {family} de grand site : il n’envoie ni ADCO ni ADSC, rien n’est donc publié pour lui"
    ),
    "it is not supported yet; to help, record it ({_command}) and open an issue": (
        "il n’est pas encore pris en charge ; pour aider, enregistrez-le ({_command}) et ouvrez un ticket"
    ),
    "{_count}, but none with the meter's address": "{_count}, mais aucune avec l’adresse du compteur",
    "1 frame": "1 trame",
    "{n} frames": "{n} trames",
    "the line is noisy: {_wires}": "la ligne est parasitée : {_wires}",
    "noisy: {_what} (a few a day are normal)": "parasitée : {_what} (quelques-unes par jour sont normales)",
    "{_what} (a few a day are normal)": "{_what} (quelques-unes par jour sont normales)",
    "{_what}: this machine lost characters on the serial port": (
        "{_what} : cette machine a perdu des caractères sur le port série"
    ),
    "{_what} (without parity bits)": "{_what} (sans bits de parité)",
    "{_count} in {_mode} mode in {n} s; {lines} lines, {damaged} of them damaged, {parity} parity errors, {broken}"
    " undecodable frames": (
        "{_count} en mode {_mode} en {n} s ; {lines} lignes, dont {damaged} abîmées, {parity} erreurs de parité,"
        " {broken} trames indéchiffrables"
    ),
    "on a Raspberry Pi, use the PL011 UART in place of the mini UART: {line}, see {page}": (
        "sur un Raspberry Pi, prenez l’UART PL011 à la place du mini UART : {line}, voyez {page}"
    ),
    "check again later; if it happens often: {_wires}": "vérifiez plus tard ; si cela arrive souvent : {_wires}",
    "{n} different meter addresses": "{n} adresses de compteur différentes",
    "{number} sends only its number: its output is on standby (veille)": (
        "{number} n’envoie que son numéro : sa sortie est en veille"
    ),
    "ask Enedis to set it to télé-information": "demandez à Enedis de la mettre en télé-information",
    "{_model} by {maker}, number {n}, {_mode} mode": "{_model} de {maker}, numéro {n}, mode {_mode}",
    "{_model}, number {n}, {_mode} mode": "{_model}, numéro {n}, mode {_mode}",
    "meter of an unknown type": "compteur d’un type inconnu",
    "for more values (voltage, the energy used at each price of the contract, production), ask your supplier, by phone"
    " or in their app, for the TIC in standard mode; it is free, and nobody has to come": (
        "pour plus de valeurs (tension, énergie à chaque prix du contrat, production), demandez à votre fournisseur,"
        " par téléphone ou dans son application, la TIC en mode standard ; c’est gratuit, et sans visite"
    ),
}
_HEALTH = {
    "{name} is running and connected, for {_time}": "{name} tourne et est connecté, depuis {_time}",
    "{name} is running and connected": "{name} tourne et est connecté",
    "a reader named {name} is connected to the broker, for {_time}, but none runs on this machine": (
        "un lecteur {name} est connecté au serveur MQTT, depuis {_time}, mais aucun ne tourne sur cette machine"
    ),
    "a reader named {name} is connected to the broker, but none runs on this machine": (
        "un lecteur {name} est connecté au serveur MQTT, mais aucun ne tourne sur cette machine"
    ),
    "fine if it runs in a container; if it runs on another machine, give this one another name in reader.yaml": (
        "normal s’il tourne dans un conteneur ; s’il tourne sur une autre machine, donnez ici un autre nom dans"
        " reader.yaml"
    ),
    "no reader named {name} is running: nothing is published": "aucun lecteur {name} ne tourne : rien n’est publié",
    "start it: {_command}; if it stops again, look for the reason in its log: {_log}": (
        "démarrez-le : {_command} ; s’il s’arrête encore, cherchez pourquoi dans son journal : {_log}"
    ),
    "the running reader does not report {port}": "le lecteur qui tourne ne parle pas de {port}",
    "if the configuration was changed since its start: {_command}": (
        "si la configuration a changé depuis son démarrage : {_command}"
    ),
    "the reader has just started and does not report {port} yet": (
        "le lecteur vient de démarrer et ne parle pas encore de {port}"
    ),
    "check again in a minute": "vérifiez dans une minute",
    "the running reader cannot open {port}": "le lecteur qui tourne ne peut pas ouvrir {port}",
    "look for the reason in its log: {_log}": "cherchez pourquoi dans son journal : {_log}",
    "the running reader receives no frames ({_why})": "le lecteur qui tourne ne reçoit aucune trame ({_why})",
    "none yet": "aucune encore",
    "silent": "ligne muette",
    "unreadable": "illisible",
    "check the meter's terminals and the cable; to check the line itself: {_stop}, then: {_again}": (
        "vérifiez les bornes du compteur et le câble ; pour vérifier la ligne elle-même : {_stop}, puis : {_again}"
    ),
    "{_count} in {_mode} mode since its start; {_damaged}, {_parity}": (
        "{_count} en mode {_mode} depuis son démarrage ; {_damaged}, {_parity}"
    ),
    "1 damaged line": "1 ligne abîmée",
    "{n} damaged lines": "{n} lignes abîmées",
    "1 parity error": "1 erreur de parité",
    "{n} parity errors": "{n} erreurs de parité",
    "{n} values dropped, because a register decreased or jumped; the line itself is good": (
        "{n} valeurs écartées, parce qu’un index a baissé ou sauté ; la ligne elle-même est bonne"
    ),
    "1 value dropped, because a register decreased or jumped; the line itself is good": (
        "1 valeur écartée, parce qu’un index a baissé ou sauté ; la ligne elle-même est bonne"
    ),
    "find the register in the reader's log; its value is accepted after 3 frames that agree. Was the meter replaced?": (
        "cherchez l’index dans le journal du lecteur ; sa valeur est acceptée après 3 trames qui concordent. Le"
        " compteur a-t-il été remplacé ?"
    ),
    "the running reader uses {port}, but nothing about it is published at the broker": (
        "le lecteur qui tourne utilise {port}, mais rien n’en est publié sur le serveur MQTT"
    ),
    "to check the line itself: {_stop}, check, then start the reader again": (
        "pour vérifier la ligne elle-même : {_stop}, vérifiez, puis redémarrez le lecteur"
    ),
    "a storer is online, but none of {n} frames was confirmed": (
        "un archiveur est en ligne, mais aucune de {n} trames n’a été confirmée"
    ),
    "in the broker's access rules, allow the reader to read {stored}, and the storer to write it and to read {frame};"
    " for details: {_command}": (
        "dans les règles d’accès du serveur MQTT, permettez au lecteur de lire {stored}, et à l’archiveur de l’écrire"
        " et de lire {frame} ; pour en savoir plus : {_command}"
    ),
    "{_count} not confirmed yet, the oldest since {time} UTC": (
        "{_count} pas encore confirmées, la plus ancienne depuis {time} UTC"
    ),
    "nothing is lost yet; find out why they are not stored: {_command}": (
        "rien n’est encore perdu ; cherchez pourquoi elles ne sont pas enregistrées : {_command}"
    ),
    "{_count} confirmed since its start, {n} pending": "{_count} confirmées depuis son démarrage, {n} en attente",
    "{_count} discarded, because the spool was full": "{_count} jetées, parce que la réserve était pleine",
    "the storer {name} is online": "l’archiveur {name} est en ligne",
    "the storer {name} cannot reach its database": "l’archiveur {name} n’atteint pas sa base de données",
    "on its machine: {_command}": "sur sa machine : {_command}",
    "the storer {name} is {_status}; frames wait until it is back": (
        "l’archiveur {name} est {_status} ; les trames attendent son retour"
    ),
    "the storer {name} is {_status}": "l’archiveur {name} est {_status}",
    "offline": "hors ligne",
    "unknown": "dans un état inconnu",
    "start it; if it was removed: {_command}": "démarrez-le ; s’il a été supprimé : {_command}",
    "no storer has been seen at this broker: frames are published, but not stored": (
        "aucun archiveur n’a été vu sur ce serveur MQTT : les trames sont publiées, mais pas enregistrées"
    ),
    "fine if you use none. If one runs, allow the reader to read {topic} in the broker's access rules": (
        "normal si vous n’en avez pas. S’il y en a un, permettez au lecteur de lire {topic} dans les règles d’accès du"
        " serveur MQTT"
    ),
}
_STORAGE = {
    "{_command}; timedatectl should soon show: System clock synchronized: yes. If not: {command}; a firewall must let"
    " NTP pass (UDP port 123)": (
        "{_command} ; timedatectl doit bientôt montrer : System clock synchronized: yes. Sinon : {command} ; un"
        " pare-feu doit laisser passer NTP (port UDP 123)"
    ),
    "the clock of this machine was never set: it shows {time}, before this program was built": (
        "l’horloge de cette machine n’a jamais été mise à l’heure : elle indique {time}, avant la date de ce programme"
    ),
    "{time}, synchronised over the network": "{time}, synchronisée par le réseau",
    "{time}, not synchronised; no problem for a simulated meter": (
        "{time}, non synchronisée ; sans gravité pour un compteur simulé"
    ),
    "{time}, not synchronised: frames would get a wrong timestamp": (
        "{time}, non synchronisée : les trames auraient un horodatage faux"
    ),
    "{folder} cannot be used: {_why}": "{folder} est inutilisable : {_why}",
    "others may write into it": "d’autres peuvent y écrire",
    "it is a symbolic link": "c’est un lien symbolique",
    "it belongs to user {n}": "il appartient à l’utilisateur {n}",
    "set spool.journal to a folder of its own, such as: {command}": (
        "donnez à spool.journal un dossier à lui, par exemple : {command}"
    ),
    "{_command}; in a systemd unit: RuntimeDirectory=": "{_command} ; dans une unité systemd : RuntimeDirectory=",
    "only {_size} free in {folder}: frames that cannot be written there are lost if the reader is killed": (
        "seulement {_size} libres dans {folder} : les trames qui ne peuvent y être écrites sont perdues si le lecteur"
        " est tué"
    ),
    "find what fills it: {command}": "cherchez ce qui le remplit : {command}",
    "{folder} is not in memory: every frame is written to the disk, which wears out an SD card": (
        "{folder} n’est pas en mémoire : chaque trame est écrite sur le disque, ce qui use une carte SD"
    ),
    "set {_setting} to a folder on tmpfs, such as {folder}": "{_setting} : un dossier en tmpfs, comme {folder}",
    "{folder} is in memory": "{folder} est en mémoire",
    "the user {user} may not write into {folder}: a power cut would lose unconfirmed frames": (
        "l’utilisateur {user} ne peut pas écrire dans {folder} : une coupure de courant perdrait les trames non"
        " confirmées"
    ),
    "the user {user} may not write into {folder}": "l’utilisateur {user} ne peut pas écrire dans {folder}",
    "an SD card that fails becomes read-only (see sudo dmesg): replace it; sudo reboot may help once more. In a"
    " container: mount a volume there": (
        "une carte SD en fin de vie passe en lecture seule (voyez sudo dmesg) : remplacez-la ; sudo reboot peut aider"
        " une dernière fois. Dans un conteneur : montez-y un volume"
    ),
    "the volume spool belongs to another installation: {command}, then look at {other}": (
        "le volume spool appartient à une autre installation : {command}, puis regardez {other}"
    ),
    "{folder} holds {_size} of {_limit}: nearly full; soon every second of the oldest frames will be discarded": (
        "{folder} contient {_size} sur {_limit} : presque pleine ; bientôt une sur deux des plus anciennes trames sera"
        " jetée"
    ),
    "find out why frames are not confirmed: are storer and broker running? Meanwhile set spool.max_size: {_size}": (
        "cherchez pourquoi les trames ne sont pas confirmées : l’archiveur et le serveur MQTT tournent-ils ? En"
        " attendant : spool.max_size: {_size}"
    ),
    "only {_size} free on the disk of {folder}: frames of {_time}": (
        "seulement {_size} libres sur le disque de {folder} : {_time} de trames"
    ),
    "free space on that disk: {command}": "libérez de la place sur ce disque : {command}",
    "{folder} holds {_size} of {_limit}: room for {_time} of unconfirmed frames": (
        "{folder} contient {_size} sur {_limit} : de la place pour {_time} de trames non confirmées"
    ),
}
#: Those that fit the text of others, too.
_LAST = {
    "{file}: reader {name}, port {ports}, broker {hosts}": (
        "{file} : lecteur {name}, port {ports}, serveur MQTT {hosts}"
    ),
    "listening to the line, for {n} s": "écoute de la ligne, pendant {n} s",
}
TEXTS: Mapping[str, str] = {
    **_SUBJECTS, **FRENCH_MODELS, **_PORT, **_LINE, **_HEALTH, **_STORAGE, **_LAST, **french.TEXTS,
    **OF_THE_CONFIGURATION,
}  # fmt: skip
