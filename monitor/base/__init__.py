"""What every room of the monitor uses: it knows no reading, no price and no request.

- `config` reads `monitor.yaml`: where the page is served, the broker, the database. `household` declares what the owner
  says of the home: contracts, meters, notes, alerts. `french` has the texts of their errors.
- `calendar` cuts time into local days, weeks, months and years, which may have 23 or 25 hours. Instants are UTC
  everywhere else; only here and where people read is there a zone.
- `ranges` reads the time that a question is about, from an address or from the command line.
- `request_errors` holds every reason for which a question is not answered, in both languages; it becomes an HTTP
  status or an exit code.
- `formats` and `texts` write numbers, dates and words for people, in French and in English, and tables in a terminal;
  `help` has the words of `--help`.
- `answer` is the vocabulary with which an answer describes itself, and how it becomes JSON.
"""
