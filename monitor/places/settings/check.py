"""Says what is wrong with a section that is to be saved, at which field, and what it would change."""

from collections.abc import Sequence
from typing import Any

from common.settings.fields import Problem, Section, SectionError
from monitor.base.household import ACCESS, CONTRACTS
from monitor.base.request_errors import RequestError
from monitor.money.current import CurrentHousehold, Snapshot
from monitor.money.sections import CALENDARS, PRICES, check_together
from monitor.places.settings.save import with_urls
from monitor.web.route import ActionRequest

_LOCKS_OUT = Problem(
    "access.home_network",
    "cet appareil ne pourrait plus ouvrir la page : faites-le depuis la machine où elle tourne",
    "this device could not open the page any more: do it on the machine on which it runs",
)


def value_in(body: Any) -> Any:
    """Return the value of a section that a body has.

    Raises:
        RequestError: it has none, or more.
    """
    if not isinstance(body, dict) or set(body) != {"value"}:
        raise RequestError("no_value")
    return body["value"]


def checked(request: ActionRequest, section: Section[Any]) -> tuple[Any, Snapshot]:
    """Return the typed value of what is sent of a section, and what would follow from it.

    Raises:
        RequestError: it is wrong; with what, at each field.
    """
    value = value_in(request.body)
    try:
        typed = section.read(with_urls(request.config.state, value) if section.secret else value)
    except SectionError as error:
        raise refused(error.problems, request.language) from error
    if section is ACCESS and not typed.home_network and not request.caller.is_near:
        raise refused([_LOCKS_OUT], request.language)
    return typed, _tried(request.household, section, typed, request.language)


def _tried(household: CurrentHousehold, section: Section[Any], typed: Any, language: str) -> Snapshot:
    before = household.values()
    after = {**before, section.name: typed}
    found = household.tried(after)
    if section in (CONTRACTS, PRICES, CALENDARS):
        # What was wrong before keeps nobody from a change of something else.
        old = set(check_together(before, household.now.prices))
        new = [one for one in check_together(after, found.prices) if one not in old]
        if new:
            raise refused(new, language)
    return found


def refused(problems: Sequence[Problem], language: str) -> RequestError:
    """Return the error that says what is wrong at which field."""
    errors = [{"at": one.at, "detail": one.text(language)} for one in problems]
    return RequestError("wrong_fields", members={"errors": errors})
