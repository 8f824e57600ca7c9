"""*État*: whether everything works, what happened, and what is worth knowing of the data.

`status` says what is stored, how complete it is and when it was audited; `events` lists overloads, gaps, power cuts
and changes of the meter; `alerts` what is active and was sent; `app` what runs here; `forgettable` what is gone.
`check` is `teleinfo-monitor check`: database, roll-ups, prices, page and addresses of alerts, each finding with its fix
from `findings.yaml`.
"""
