"""All texts of the monitor's reports and alerts, by key."""

from monitor.alerts.texts import TEXTS
from monitor.base import texts as words

FR = {**words.FR, **TEXTS["fr"]}
EN = {**words.EN, **TEXTS["en"]}
