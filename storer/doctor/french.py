"""What `teleinfo-storer check` says in French, by the English sentence."""

from collections.abc import Mapping

from common.doctor import french

_DATABASE = {
    "the server at {where} is not MariaDB: {version}": "le serveur {where} n’est pas MariaDB : {version}",
    "it may work, but is not tested": "il peut convenir, mais n’est pas testé",
    "MariaDB {version} at {where} is too old: 10.6 is needed": (
        "MariaDB {version} sur {where} est trop ancien : il faut 10.6"
    ),
    "update the server": "mettez le serveur à jour",
    "MariaDB {version} at {where} accepts the connection as {account}, over TLS": (
        "MariaDB {version} sur {where} accepte la connexion de {account}, avec TLS"
    ),
    "MariaDB {version} at {where} accepts the connection as {account}": (
        "MariaDB {version} sur {where} accepte la connexion de {account}"
    ),
    "the server is read-only": "le serveur est en lecture seule",
    "set database.host to the node that accepts writes; or {sql}": (
        "donnez à database.host le nœud qui accepte l’écriture ; ou {sql}"
    ),
    "innodb_flush_log_at_trx_commit is {n}: a power cut may lose frames after they were confirmed": (
        "innodb_flush_log_at_trx_commit vaut {n} : une coupure de courant peut perdre des trames déjà confirmées"
    ),
    "set it to 1 in the server's configuration, and restart the server": (
        "donnez-lui la valeur 1 dans la configuration du serveur, puis redémarrez-le"
    ),
    "{account} lacks rights on {name}: {rights}": "{account} n’a pas tous les droits sur {name} ; il manque {rights}",
    "the storer does not start: {_why}": "l’archiveur ne démarre pas : {_why}",
    "the tables have version {n}, from before the first release": (
        "les tables ont la version {n}, d’avant la première publication"
    ),
    "the tables have version {n}, this program supports up to {newest}": (
        "les tables ont la version {n}, ce programme ne connaît que la {newest}"
    ),
    "update the storer": "mettez l’archiveur à jour",
    "choose another database, or use commit {commit}, the last that reads them": (
        "choisissez une autre base, ou le commit {commit}, le dernier qui les lit"
    ),
    "version {n} of the tables ({name}) was made by another file than this program has": (
        "la version {n} des tables ({name}) vient d’un autre fichier que celui de ce programme"
    ),
    "use the program that made them, or choose another database": (
        "prenez le programme qui les a créées, ou une autre base"
    ),
    "{name} is the table of the original program": "{name} est la table du programme d’origine",
    "as administrator ({_how}): {sql}; then import its hours with `{_command}`": (
        "en administrateur ({_how}) : {sql} ; puis importez ses heures avec « {_command} »"
    ),
    "a table has the name of our view, {name}, and is not the original program's": (
        "une table porte le nom de notre vue, {name}, et n’est pas celle du programme d’origine"
    ),
    "rename it, or choose another database": "renommez-la, ou choisissez une autre base",
    "has only part of a backup, its restore is not finished": (
        "la base n’a qu’une partie d’une sauvegarde : sa restauration n’est pas finie"
    ),
    "run it again ({_command}), it starts from the beginning": "relancez-la ({_command}), elle repart du début",
    "{name} has no tables yet": "{name} n’a pas encore de tables",
    "the storer creates them when it starts": "l’archiveur les crée à son démarrage",
    "the tables have version {n}; this storer will migrate them to {newest}": (
        "les tables ont la version {n} ; cet archiveur les passera en {newest}"
    ),
    "make a backup, then: {_command}; otherwise it does so at its next start": (
        "faites une sauvegarde, puis : {_command} ; sinon il le fait à son prochain démarrage"
    ),
    "the tables of {name} are up to date (version {n})": "les tables de {name} sont à jour (version {n})",
    "the disk of {where} is on another machine and cannot be checked from here": (
        "le disque de {where} est sur une autre machine : impossible de le vérifier d’ici"
    ),
    "only {_what}": "seulement {_what}",
    "{_size} free: room for {_time} of one meter, at a frame per second": (
        "{_size} libres : de quoi garder {_time} d’un compteur, à une trame par seconde"
    ),
    "free space, or move the database to a larger disk (for the backup see docs/database.md)": (
        "libérez de la place, ou déplacez la base sur un disque plus grand (sauvegarde : docs/database.md)"
    ),
}
_SERVICE = {
    "mqtt.share: this broker has no shared subscriptions": (
        "mqtt.share : ce serveur MQTT n’a pas d’abonnements partagés"
    ),
    "remove mqtt.share, and give each storer base topics of its own": (
        "retirez mqtt.share, et donnez à chaque archiveur ses propres topics"
    ),
    "{name} is running, but cannot reach its database": "{name} tourne, mais n’atteint pas sa base",
    "see the findings about the database above": "voir ci-dessus ce qui est dit de la base",
    "{_what}; frames stored since its start: {n}": "{_what} ; trames enregistrées depuis son démarrage : {n}",
    "{name} is running and connected depuis {_time}": "{name} tourne et est connecté depuis {_time}",
    "{name} is running and connected": "{name} tourne et est connecté",
    "{name} is not running": "{name} ne tourne pas",
    "start it: {_start}; if it stops again, look for the reason in its log: {_log}": (
        "démarrez-le : {_start} ; s’il s’arrête de nouveau, cherchez pourquoi dans son journal : {_log}"
    ),
    "minutes and hours are not made yet": "les minutes et les heures ne sont pas encore calculées",
    "the storer makes them within a minute": "l’archiveur les calcule dans la minute",
    "minutes and hours are {_time} behind": "les minutes et les heures ont {_time} de retard",
    "look for the reason in the storer's log: {_log}": "cherchez pourquoi dans le journal de l’archiveur : {_log}",
    "{_what}; {n} hours with late frames": "{_what} ; {n} heures ont des trames en retard",
    "{_what}; 1 hour with late frames": "{_what} ; 1 heure a des trames en retard",
    "{_what}; {n} older hours to rebuild": "{_what} ; {n} heures passées à refaire",
    "{_what}; 1 older hour to rebuild": "{_what} ; 1 heure passée à refaire",
    "minutes and hours are made, up to {_time} ago": "minutes et heures calculées jusqu’à il y a {_time}",
    "nothing is rolled up yet": "aucune heure n’est encore calculée",
    "frames before {day} are kept: {_why}": "les trames d’avant le {day} sont gardées : {_why}",
    "minutes before {day} are kept: {_why}": "les minutes d’avant le {day} sont gardées : {_why}",
    "minutes of sources before {day} are kept: {_why}": (
        "les minutes des sources d’avant le {day} sont gardées : {_why}"
    ),
    "some of their hours still wait to be rolled up": "certaines de leurs heures ne sont pas encore calculées",
    "{months} changed since its last backup": "{months} a changé depuis sa dernière sauvegarde",
    "of {meter}, {n} frames of {hour} UTC that a reader counted never came": (
        "de {meter}, {n} trames de {hour} UTC, comptées par un lecteur, ne sont jamais venues"
    ),
    "minutes, hours or breaks of {hour} UTC differ from them": "les minutes ou heures de {hour} UTC en diffèrent",
    "minutes, hours or breaks of {hour} UTC or soon after were made of frames that are not there": (
        "des minutes ou heures dès {hour} UTC viennent de trames qui ne sont plus là"
    ),
    "tried again tomorrow": "nouvel essai demain",
    "they are dropped after the next one": "elles partent après la prochaine",
    "these are rebuilt, and compared again then": "elles sont refaites, puis comparées de nouveau",
    "if {_they} lost, set retention.incomplete to drop": (
        "si {_they} perdues, donnez à retention.incomplete la valeur drop"
    ),
    "they are": "elles sont",
    "these are": "elles sont",
    "rejected_messages is full; further messages, only counted: {n}": (
        "rejected_messages est pleine ; autres messages, seulement comptés : {n}"
    ),
    "find out who publishes them, then empty the table: {sql}": "cherchez qui les publie, puis videz la table : {sql}",
    "messages that could not be stored since the storer's start: {n}": (
        "messages qui n’ont pu être enregistrés depuis son démarrage : {n}"
    ),
    "find out who publishes them: {sql}": "cherchez qui les publie : {sql}",
    "{name} is online": "{name} est en ligne",
    "{name} is offline": "{name} est hors ligne",
    "on the reader's machine: {_check}; if it was removed: {_forget}": (
        "sur la machine du lecteur : {_check} ; s’il a été retiré : {_forget}"
    ),
    "no more frames from the meter {meter}": "plus de trames du compteur {meter}",
    "frames arrive: {rates} per second": "des trames arrivent : {rates} par seconde",
    "a meter is online, but no frame arrived within {n} s": (
        "un compteur est en ligne, mais aucune trame n’est arrivée en {n} s"
    ),
    "allow the storer to read {topics} and {topic} in the broker's access rules; mosquitto reports no error when this"
    " right is missing": (
        "permettez à l’archiveur de lire {topics} et {topic} dans les règles d’accès du serveur MQTT ; mosquitto ne"
        " signale pas ce droit manquant"
    ),
    "no reader has been seen, and no frame arrived within {n} s": (
        "aucun lecteur n’a été vu, et aucune trame n’est arrivée en {n} s"
    ),
    "start a reader for this broker, with the same mqtt.topic: {_start}; if one runs, allow the storer to read {topic}"
    " in the broker's access rules": (
        "démarrez un lecteur pour ce serveur MQTT, avec le même mqtt.topic : {_start} ; s’il tourne, permettez à"
        " l’archiveur de lire {topic} dans les règles d’accès"
    ),
}
_SOURCES = {
    "{one} and {other} read the same value: it is stored twice": (
        "{one} et {other} lisent la même valeur : elle est enregistrée deux fois"
    ),
    "take one out of storer.yaml": "retirez-en une de storer.yaml",
    "the running storer does not know {name}: it was started before storer.yaml had it": (
        "l’archiveur ne connaît pas {name} : il a démarré avant qu’elle soit dans storer.yaml"
    ),
    "restart it: {_command}": "redémarrez-le : {_command}",
    "{n} minutes wait in memory": "{n} minutes attendent en mémoire",
    "the clock of this machine is behind what is stored of it: nothing is added until that time": (
        "l’heure de cette machine est en retard sur ce qui est enregistré : rien n’est ajouté d’ici là"
    ),
    "set the clock; if it was wrong before, wait, or give it another name in storer.yaml": (
        "réglez l’heure ; si c’est avant qu’elle était fausse, attendez, ou changez son nom dans storer.yaml"
    ),
    "see what it sends: {command}; and compare with its options: docs/sources.md; and allow the storer to read it in"
    " the broker's access rules: {rules}": (
        "voyez ce qu’elle envoie : {command} ; comparez avec ses options : docs/sources-fr.md ; et permettez à"
        " l’archiveur de la lire dans les règles d’accès du serveur MQTT : {rules}"
    ),
    "see what it sends: {command}; and compare with its options: docs/sources.md": (
        "voyez ce qu’elle envoie : {command} ; comparez avec ses options : docs/sources-fr.md"
    ),
    "nothing has come on {topics} since the storer's start": "rien n’est venu de {topics} depuis le démarrage",
    "not all values are counted: {reasons}; the last: {example}": (
        "des valeurs ne sont pas comptées : {reasons} ; la dernière : {example}"
    ),
    "nothing since {day} UTC": "rien depuis le {day} UTC",
    "{values}, at {time} UTC": "{values}, à {time} UTC",
    "resets or replacements of its counter: {n}; it counts on from there": (
        "remises à zéro ou remplacements de son compteur : {n} ; le compte continue de là"
    ),
}
TEXTS: Mapping[str, str] = {
    "{file}: storer {name}, broker {hosts}, frames below {topics}": (
        "{file} : archiveur {name}, serveur MQTT {hosts}, trames sous {topics}"
    ),
    "listening to the broker, for {n} s": "écoute du serveur MQTT, pendant {n} s",
    "Disk": "Disque",
    "Storer": "Archiveur",
    "Readers": "Lecteurs",
    "Rollups": "Calculs",
    "Retention": "Conservation",
    "Rejected": "Refusés",
    **_DATABASE,
    **_SERVICE,
    **_SOURCES,
    **french.TEXTS,
}
