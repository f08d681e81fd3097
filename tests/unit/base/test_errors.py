"""An error is one line: where, what is wrong, what to do."""

from mailer.base.errors import NotAllowed, Unreachable, WrongInput


def test_an_error_says_where_what_and_what_to_do() -> None:
    assert str(WrongInput("no title", do="add one", place="issue.md:1:1")) == "issue.md:1:1: no title; add one"
    assert str(WrongInput("no title", do="add one")) == "no title; add one"
    assert str(NotAllowed("it is sent", do="make a new one")) == "it is sent; make a new one"
    assert str(Unreachable("relay h:25", "refused", do="start it")) == "relay h:25: refused; start it"
