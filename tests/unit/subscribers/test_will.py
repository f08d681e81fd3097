"""Columns that speak of a person's will to be mailed, under the names and with the values that products really write."""

import pytest

from subscribers.candidate import Candidate
from subscribers.delimited import Record
from subscribers.shapes import plan_for
from subscribers.standing import Standing

SUBSCRIBED, UNCONFIRMED, UNSUBSCRIBED, SUPPRESSED = (
    Standing.SUBSCRIBED, Standing.UNCONFIRMED, Standing.UNSUBSCRIBED, Standing.SUPPRESSED,
)  # fmt: skip


def standing(columns: tuple[str, ...], *cells: str) -> Standing:
    """What a row says of the person under these columns; the first cell is their address."""
    found = plan_for(columns, {}, "people.csv").candidate(Record(2, columns, list(cells), ""))
    assert isinstance(found, Candidate), found
    return found.standing


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("Email subscriber status", "Unsubscribed", UNSUBSCRIBED),
        ("Email subscriber status", "Pending confirmation", UNCONFIRMED),
        ("Email permission status - other", "Awaiting Confirmation", UNCONFIRMED),
        ("Person - Marketing-Status", "Abgemeldet", UNSUBSCRIBED),
        ("Confirmed Opt-Out Date - other", "2023-05-05 10:00:00", UNSUBSCRIBED),
        ("IsUnsubscribed", "true", UNSUBSCRIBED),
        ("IsUnsubscribed", "false", SUBSCRIBED),
        ("Is Opt Out", "Yes", UNSUBSCRIBED),
        ("NO BULK EMAILS (User Opt Out)", "Yes", UNSUBSCRIBED),
        ("Unsubscribed?", "yes", UNSUBSCRIBED),
        ("Subscribed?", "no", UNSUBSCRIBED),
        ("Aktiv", "false", UNSUBSCRIBED),
        ("Inscrit", "non", UNSUBSCRIBED),
        ("Stop Time", "02/02/2023", UNSUBSCRIBED),
        ("Abgemeldet", "05.02.2023", UNSUBSCRIBED),
        ("Désinscrit le", "05/02/2023", UNSUBSCRIBED),
        ("Email Bounced Date", "2024-01-01", SUPPRESSED),
        ("Email Bounced Reason", "550 unknown", SUPPRESSED),
        ("IsEmailBounced", "0", SUBSCRIBED),
        ("Email Address Quarantined", "true", SUPPRESSED),
        ("is_spam_complaining", "1", SUPPRESSED),
        ("Is Blacklisted", "True", SUPPRESSED),
        ("\u00a0Status\u200b", "unsubscribed", UNSUBSCRIBED),
        ("De\u0301sinscrit", "oui", UNSUBSCRIBED),
        ("Statut", "De\u0301sabonne\u0301", UNSUBSCRIBED),
        ("SubscribeType", "Bounced", SUPPRESSED),
        ("can2_subscription_status", "unsubscribed", UNSUBSCRIBED),
        ("NPAI", "oui", SUPPRESSED),
        ("Plainte", "oui", SUPPRESSED),
        ("SuppressionReason", "ManualSuppression", SUPPRESSED),
        ("hidden", "1", UNSUBSCRIBED),
        ("module_sys_dmail_newsletter", "0", UNSUBSCRIBED),
        ("Statut", "Désinscrit(e)", UNSUBSCRIBED),
        ("Afgemeld", "ja", UNSUBSCRIBED),
        ("Afgemeld", "nee", SUBSCRIBED),
        ("Uitgeschreven op", "2024-05-06", UNSUBSCRIBED),
        ("Descadastrado", "sim", UNSUBSCRIBED),
        ("Status", "Wypisany", UNSUBSCRIBED),
        ("Status", "Zapisany", SUBSCRIBED),
        ("Подписан", "нет", UNSUBSCRIBED),
        ("Отписан", "да", UNSUBSCRIBED),
        ("購読", "いいえ", UNSUBSCRIBED),
        ("購読", "はい", SUBSCRIBED),
        ("status", "5.1.1", SUPPRESSED),
        ("status", "4.2.2", SUBSCRIBED),
    ],
)
def test_a_will_is_heard_however_its_column_is_called(column: str, value: str, expected: Standing) -> None:
    assert standing(("Email", column), "a@x.org", value) == expected


@pytest.mark.parametrize("value", ["", "0000-00-00 00:00:00", "N/A", "NaT", "-"])
def test_a_time_that_never_was_is_no_reason_not_to_mail(value: str) -> None:
    assert standing(("email", "unsubscribed_at"), "a@x.org", value) == SUBSCRIBED


@pytest.mark.parametrize("column", ["Contact State", "Member since date", "Status date", "Contact owner", "Bounces"])
def test_what_only_sounds_like_a_will_is_none(column: str) -> None:
    assert standing(("email", column), "a@x.org", "no") == SUBSCRIBED


@pytest.mark.parametrize(
    ("state", "expected"),
    [("Unsubscribed", UNSUBSCRIBED), ("Bounced", SUPPRESSED), ("Active", SUBSCRIBED), ("Bavaria", SUBSCRIBED)],
)
def test_a_state_beside_a_city_is_a_place_or_a_status_as_its_words_tell(state: str, expected: Standing) -> None:
    assert standing(("Email Address", "State", "City"), "a@x.org", state, "Bath") == expected


@pytest.mark.parametrize("place", ["NO", "OK", "NEW", "Victoria"])
def test_a_part_of_a_country_is_kept(place: str) -> None:
    columns = ("email", "city", "state")
    found = plan_for(columns, {}, "people.csv").candidate(Record(2, columns, ["a@x.org", "Bath", place], ""))
    assert isinstance(found, Candidate)
    assert (found.standing, found.attributes["state"]) == (SUBSCRIBED, place)


@pytest.mark.parametrize("column", ["Newsletter", "Accepts Marketing", "Would you like our newsletter?", "Consent"])
def test_a_box_that_was_not_ticked_is_no_yes(column: str) -> None:
    assert standing(("email", column), "a@x.org", "") == UNCONFIRMED
    assert standing(("email", column), "a@x.org") == UNCONFIRMED
    assert standing(("email", column), "a@x.org", "Yes, please") == SUBSCRIBED
    assert standing(("email", column, "status"), "a@x.org", "", "subscribed") == SUBSCRIBED


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("unsubscribed", "ja", UNSUBSCRIBED),
        ("unsubscribed", "2024-05-06", UNSUBSCRIBED),
        ("unsubscribed", "nein", SUBSCRIBED),
        ("unsubscribed", "", SUBSCRIBED),
        ("subscribed", "ja", SUBSCRIBED),
        ("subscribed", "nein", UNSUBSCRIBED),
    ],
)
def test_a_column_of_yes_and_no_can_be_said_to_tell_who_has_left_or_who_has_not(
    field: str, value: str, expected: Standing
) -> None:
    columns = ("email", "Weg")
    plan = plan_for(columns, {"Weg": field}, "people.csv")
    found = plan.candidate(Record(2, columns, ["ada@x.org", value], ""))
    assert isinstance(found, Candidate), found
    assert found.standing == expected
    assert plan.roles[1] == ("status", "Weg")
