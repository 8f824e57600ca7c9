"""What all doctors say in French, by the English sentence; a program's table ends with these."""

from collections.abc import Mapping

from common.settings import french

TEXTS: Mapping[str, str] = {
    "note": "avis",
    "problem": "problème",
    "No problems found.": "Aucun problème.",
    "No problems found, {_notes}.": "Aucun problème, {_notes}.",
    "{_problems} found, {_notes}.": "{_problems}, {_notes}.",
    "{_problems} found.": "{_problems}.",
    "1 problem": "1 problème",
    "{n} problems": "{n} problèmes",
    "1 note": "1 avis",
    "{n} notes": "{n} avis",
    "Broker": "Serveur MQTT",
    "Database": "Base de données",
    # Times and sizes.
    "more than 100 years": "plus de 100 ans",
    "{n} years": "{n} ans",
    "{n} months": "{n} mois",
    "{n} days": "{n} jours",
    "{n} hours": "{n} heures",
    "{n} MB": "{n} Mo",
    "{n} GB": "{n} Go",
    "{n} TB": "{n} To",
    "{n}.{digit} MB": "{n},{digit} Mo",
    "{n}.{digit} GB": "{n},{digit} Go",
    "{n}.{digit} TB": "{n},{digit} To",
    # Commands.
    "in the app's container: {command}": "dans le conteneur de l’app : {command}",
    "in Home Assistant, restart {_app}": "dans Home Assistant, redémarrez {_app}",
    "in Home Assistant, start {_app}": "dans Home Assistant, démarrez {_app}",
    "in Home Assistant, stop {_app}": "dans Home Assistant, arrêtez {_app}",
    "in Home Assistant, see the log of {_app}": "dans Home Assistant, lisez le journal de {_app}",
    "this app": "cette app",
    "the app Mosquitto broker": "l’app Mosquitto broker",
    "press Ctrl-C where {program} runs, then: {command}": "faites Ctrl-C là où tourne {program}, puis : {command}",
    "press Ctrl-C where {program} runs": "faites Ctrl-C là où tourne {program}",
    "the terminal where {program} runs": "le terminal où tourne {program}",
    "see what Home Assistant says of its machine (Settings, System)": (
        "voyez ce que Home Assistant dit de sa machine (Paramètres, Système)"
    ),
    "outside the container: {_command}": "hors du conteneur : {_command}",
    "the app's option {word}": "l’option {word} de l’app",
    "the app's option mqtt.{word}": "l’option mqtt.{word} de l’app",
    "{word} in .env": "{word} dans .env",
    # A program and its place at the broker.
    "two {kind}s use the name {name} and disconnect each other (client id conflict): {n} times recently": (
        "deux programmes teleinfo-{kind} ont le nom {name} et se déconnectent l’un l’autre (même client id) : {n} fois"
        " récemment"
    ),
    "give one of them another name in its {file}, and restart it": (
        "donnez à l’un d’eux un autre nom dans son {file}, et redémarrez-le"
    ),
    "the {word} runs here, but its status at the broker is {_status}": (
        "teleinfo-{word} tourne ici, mais son état sur le serveur MQTT est {_status}"
    ),
    "the {word} runs here, but the broker has no status of it": (
        "teleinfo-{word} tourne ici, mais le serveur MQTT n’a pas son état"
    ),
    # The configuration.
    "run the check with sudo: {command}": "lancez la vérification avec sudo : {command}",
    "name a file in this folder with --config": "indiquez un fichier de ce dossier avec --config",
    "copy {example} to {path} and fill it in, or name your file with --config": (
        "copiez {example} vers {path} et complétez-le, ou indiquez votre fichier avec --config"
    ),
    "create the file, or correct its name": "créez le fichier, ou corrigez son nom",
    "correct the app's options, or your monitor.yaml in its folder": (
        "corrigez les options de l’app, ou votre monitor.yaml dans son dossier"
    ),
    "correct .env; .env.example shows every option": "corrigez .env ; .env.example montre toutes les options",
    "correct {path}; {example} shows every option": "corrigez {path} ; {example} montre toutes les options",
    "every user of this machine can read {name} in {file}": (
        "tout utilisateur de cette machine peut lire {name} dans {file}"
    ),
    # The broker.
    "{where} accepts the connection {_how} over TLS": "{where} accepte la connexion {_how} par TLS",
    "{where} accepts the connection {_how}": "{where} accepte la connexion {_how}",
    "as {word}": "en tant que {word}",
    "without a user name": "sans nom d’utilisateur",
    "there is no machine named {host} ({_detail})": "aucune machine ne s’appelle {host} ({_detail})",
    "set {_host} to the broker's name in your network, or to its address, such as 192.168.1.10": (
        "{_host} : le nom du serveur MQTT dans votre réseau, ou son adresse, comme 192.168.1.10"
    ),
    "nothing listens at {where}": "rien n’écoute sur {where}",
    "start the broker there, or correct {_port}. Without a line `listener {number}` in its configuration, mosquitto"
    " only accepts connections from its own machine": (
        "démarrez-y le serveur MQTT, ou corrigez {_port}. Sans une ligne `listener {number}` dans sa configuration,"
        " mosquitto n’accepte que les connexions de sa propre machine"
    ),
    "start it: {_command}; if it is on another machine, set {_host}": (
        "démarrez-le : {_command} ; s’il est sur une autre machine, réglez {_host}"
    ),
    "{where} cannot be reached: {_detail}": "{where} est injoignable : {_detail}",
    "is that machine on, and in this network (ping {host})? Does a firewall block the port? Is {_host} right?": (
        "cette machine est-elle allumée, et dans ce réseau (ping {host}) ? Un pare-feu bloque-t-il le port ?"
        " Vérifiez aussi {_host}"
    ),
    "{where} accepts connections but does not answer: {_detail}": (
        "{where} accepte les connexions mais ne répond pas : {_detail}"
    ),
    "no answer within {time} s": "pas de réponse en {time} s",
    "is {_port} the broker's port? If it is, restart the broker": (
        "vérifiez que {_port} donne le port du serveur MQTT ; si oui, redémarrez ce serveur"
    ),
    "the password for {where} cannot be read: {_detail}": "le mot de passe pour {where} est illisible : {_detail}",
    "write the file, or correct its name; if only root may read it, run the check with sudo. The service waits for the"
    " file": (
        "écrivez le fichier, ou corrigez son nom ; si seul root peut le lire, lancez la vérification avec sudo. Le"
        " service attend le fichier"
    ),
    "the files of mqtt.tls cannot be used: {_detail}": "les fichiers de mqtt.tls sont inutilisables : {_detail}",
    "correct their names or permissions": "corrigez leurs noms ou leurs droits",
    "the certificate at {where} is not accepted: {_detail}": "le certificat de {where} n’est pas accepté : {_detail}",
    "set {_host} to a name in it, and mqtt.tls.ca to the authority that signed it (ca.crt of the broker's machine). If"
    " it has expired, renew it there; if it is not valid yet, set the clock of both machines (timedatectl)": (
        "{_host} : un nom qu’il contient ; mqtt.tls.ca : l’autorité qui l’a signé (ca.crt de la machine du serveur"
        " MQTT). S’il a expiré, renouvelez-le là-bas ; s’il n’est pas encore valable, mettez les deux machines à"
        " l’heure (timedatectl)"
    ),
    "{where} does not use TLS: {_detail}": "{where} n’utilise pas TLS : {_detail}",
    "set {_port} to the port with TLS, usually 8883; or remove mqtt.tls": (
        "{_port} : le port avec TLS, 8883 d’habitude ; ou retirez mqtt.tls"
    ),
    "{where} does not accept our certificate: {_detail}": "{where} n’accepte pas notre certificat : {_detail}",
    "set mqtt.tls.certificate and mqtt.tls.key to a pair signed by the broker's authority; if the broker asks for none,"
    " {_port} is that of another service": (
        "mqtt.tls.certificate et mqtt.tls.key : une paire signée par l’autorité du serveur MQTT ; s’il n’en demande"
        " pas, {_port} donne le port d’un autre service"
    ),
    "{where} does not answer like an MQTT 5 broker: {_detail}": (
        "{where} ne répond pas comme un serveur MQTT 5 : {_detail}"
    ),
    "what it sends is not MQTT": "ce qu’il envoie n’est pas du MQTT",
    "it closed the connection": "il a fermé la connexion",
    "it ended the connection: {reason}": "il a mis fin à la connexion : {reason}",
    "is {_port} that of TLS (8883: set mqtt.tls), or of another program? A broker of MQTT 3.1.1 is too old: mosquitto"
    " 2.0 or newer is needed": (
        "vérifiez que {_port} ne donne pas le port de TLS (8883 : réglez mqtt.tls) ou d’un autre programme. Un"
        " serveur MQTT 3.1.1 est trop ancien : il faut mosquitto 2.0 ou plus récent"
    ),
    "{where} closed the connection: {_detail}": "{where} a fermé la connexion : {_detail}",
    "check again; the broker's log shows the reason": (
        "vérifiez encore une fois ; le journal du serveur MQTT dit pourquoi"
    ),
    "{where} only accepts messages of QoS 0, which may be lost": (
        "{where} n’accepte que des messages de QoS 0, qui peuvent se perdre"
    ),
    "remove max_qos 0 from its configuration, and restart it": (
        "retirez max_qos 0 de sa configuration, et redémarrez-le"
    ),
    "{where} refuses the connection: {_detail}": "{where} refuse la connexion : {_detail}",
    "the broker's log shows the reason": "le journal du serveur MQTT dit pourquoi",
    "the certificate of {host} expires in {n} days": "le certificat de {host} expire dans {n} jours",
    "renew it on the broker's machine before that day; after it nobody can connect": (
        "renouvelez-le avant sur la machine du serveur MQTT ; après, plus personne ne peut se connecter"
    ),
    "{where} does less than needed: {_what}": "{where} ne fait pas tout ce qu’il faut : {_what}",
    "it retains no messages (it may refuse us, since our status is one, and Home Assistant knows no meter when it"
    " starts)": (
        "il ne conserve pas de messages (il peut nous refuser, car notre état en est un, et Home Assistant ne connaît"
        " aucun compteur à son démarrage)"
    ),
    "it has no subscriptions with wildcards (a storer receives no frames from it)": (
        "il n’a pas d’abonnements avec jokers (un archiveur n’en reçoit aucune trame)"
    ),
    "see {page}": "voyez {page}",
    "allow retained messages in its configuration (mosquitto: retain_available true)": (
        "autorisez-y les messages conservés (mosquitto : retain_available true)"
    ),
    "{where} accepts messages of at most {n} bytes; longer frames wait in the reader": (
        "{where} accepte des messages de {n} octets au plus ; les trames plus longues attendent dans le lecteur"
    ),
    "in mosquitto.conf: {line}, then restart mosquitto": "dans mosquitto.conf : {line}, puis redémarrez mosquitto",
    "{where} does not allow us to publish on {topics}": "{where} ne nous permet pas de publier sur {topics}",
    "allow the user {user} to write these topics in the broker's access rules (acl_file), then reload the broker": (
        "permettez à {user} d’écrire ces topics dans les règles d’accès du serveur MQTT (acl_file), puis rechargez-le"
    ),
    "cannot check what we may publish on {where}: this needs QoS 2 as mosquitto has it": (
        "impossible de vérifier ce que nous pouvons publier sur {where} : il faut QoS 2 comme mosquitto le fait"
    ),
    "all {n} topics may be published": "les {n} topics peuvent être publiés",
    "{where} does not allow us to subscribe to {topics}": "{where} ne nous permet pas de nous abonner à {topics}",
    "allow the user {user} to read these topics in the broker's access rules (acl_file), then reload the broker": (
        "permettez à {user} de lire ces topics dans les règles d’accès du serveur MQTT (acl_file), puis rechargez-le"
    ),
    "{where} requires a user name ({detail})": "{where} demande un nom d’utilisateur ({detail})",
    "{where} does not accept the user {user} with this password ({detail})": (
        "{where} n’accepte pas l’utilisateur {user} avec ce mot de passe ({detail})"
    ),
    "correct {_user} and {_file}; with the app Mosquitto broker: {_command}": (
        "corrigez {_user} et {_file} ; avec l’app Mosquitto broker : {_command}"
    ),
    "correct {_user} and {_file}; or on the broker's machine: {command}, then reload the broker": (
        "corrigez {_user} et {_file} ; ou sur la machine du serveur MQTT : {command}, puis rechargez-le"
    ),
    "write the accounts of that broker into .env ({names}); set their passwords: {command} (or: storer)": (
        "écrivez les comptes de ce serveur dans .env ({names}) ; donnez leurs mots de passe : {command} (ou : storer)"
    ),
    # The database.
    "the server at {where} does not accept the user {user} with this password": (
        "le serveur {where} n’accepte pas l’utilisateur {user} avec ce mot de passe"
    ),
    "correct {_user} and its password ({_how}); or as administrator ({_admin}): {sql}; if there is no such user, see"
    " {page}": (
        "corrigez {_user} et son mot de passe ({_how}) ; ou en administrateur ({_admin}) : {sql} ; s’il n’y a pas cet"
        " utilisateur, voyez {page}"
    ),
    "the server at {where} does not accept the user {user} with a password": (
        "le serveur {where} n’accepte pas l’utilisateur {user} avec un mot de passe"
    ),
    "set {_user} to an account of its own that exists, see {page}": (
        "{_user} : un compte qui existe et n’est qu’à lui, voyez {page}"
    ),
    "the user {user} has no rights on the database {name}": "l’utilisateur {user} n’a aucun droit sur la base {name}",
    "correct {_name}; or as administrator ({_admin}): {sql}": (
        "corrigez {_name} ; ou en administrateur ({_admin}) : {sql}"
    ),
    "there is no database {name} at {where}": "il n’y a pas de base {name} sur {where}",
    "as administrator ({_admin}): {sql}": "en administrateur ({_admin}) : {sql}",
    "the server at {where} accepts no account from this machine": (
        "le serveur {where} n’accepte aucun compte de cette machine"
    ),
    "create an account for its address, see {page}": "créez un compte pour son adresse, voyez {page}",
    "{where} does not answer like a database": "{where} ne répond pas comme une base de données",
    "is {_port} the port of MariaDB, usually 3306? If it is, restart the server: {_command}": (
        "vérifiez que {_port} donne le port de MariaDB, 3306 d’habitude ; si oui, redémarrez le serveur : {_command}"
    ),
    "no server at {where}: {_why}": "pas de serveur sur {where} : {_why}",
    "nothing listens there": "rien n’y écoute",
    "is it running, does it accept other machines (bind-address), does a firewall block the port? See {page}": (
        "tourne-t-il, accepte-t-il d’autres machines (bind-address), un pare-feu bloque-t-il le port ? Voyez {page}"
    ),
    "the TLS certificate of the server at {where} is not accepted: {why}": (
        "le certificat TLS du serveur {where} n’est pas accepté : {why}"
    ),
    "set database.tls.ca to the authority that signed the certificate, and database.host to a name in it; see {page}": (
        "database.tls.ca : l’autorité qui a signé le certificat ; database.host : un nom qu’il contient ; voyez {page}"
    ),
    "set {_user} and {_file}": "réglez {_user} et {_file}",  # here: others begin so, too
    # What the machine says.
    "timed out": "délai dépassé",
    "Connection refused": "connexion refusée",
    "Permission denied": "accès refusé",
    "Name or service not known": "nom inconnu",
    "No route to host": "aucune route vers cette machine",
    **french.TEXTS,
}
