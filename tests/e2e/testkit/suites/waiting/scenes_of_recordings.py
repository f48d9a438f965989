"""Recorded histories and today's code; run by test_testkit in a process of its own."""

from datetime import timedelta

import pytest

from funchost.testing import BlockingHost, KitError, Recording, ReplayError


def changed(recording: Recording, before: str, after: str) -> Recording:
    """Return a recording that another version of the code would have made."""
    text = recording.to_text()
    assert before in text
    return Recording.from_text(text.replace(before, after))


@pytest.mark.parametrize("orchestrator", ["subscription", "two_charges", "counting"])
def test_code_that_has_not_changed_does_what_was_recorded(
    host: BlockingHost, orchestrator: str
) -> None:
    instance_id = host.start(orchestrator)
    host.until_done(instance_id)
    host.faults.fail("charge", times=None)  # nothing is called
    recording = host.record(instance_id)

    host.replay(recording)
    host.replay(Recording.from_text(recording.to_text()))


def test_an_instance_that_still_waits_can_be_recorded(host: BlockingHost) -> None:
    instance_id = host.start("approval")
    waiting = host.record(instance_id)
    host.raise_event(instance_id, "decision", "approved")
    decided = host.record(instance_id)

    host.replay(waiting)
    host.replay(decided)
    assert host.status(instance_id).output == "approved"


def test_what_failed_fails_again_and_a_retry_is_a_retry(host: BlockingHost) -> None:
    host.faults.fail("charge", times=3)
    failed = host.start("subscription")
    host.until_done(failed)

    host.replay(host.record(failed))


def test_another_call_in_the_place_of_one_is_found(host: BlockingHost) -> None:
    instance_id = host.start("two_charges")
    host.until_done(instance_id)
    recording = changed(host.record(instance_id), '"name":"charge"', '"name":"debit"')

    with pytest.raises(ReplayError, match=r"'debit'.*'charge'"):
        host.replay(recording)


def test_another_end_is_found(host: BlockingHost) -> None:
    instance_id = host.start("two_charges")
    host.until_done(instance_id)
    recording = changed(host.record(instance_id), "receipt 2", "receipt 3")
    end = '"output":"[\\"receipt 1\\",\\"receipt 3\\"]"'
    as_it_was = changed(recording, end, end.replace("3", "2"))

    host.replay(recording)  # another answer makes another end, and the code agrees
    with pytest.raises(ReplayError, match="Recorded as the end"):
        host.replay(as_it_was)


def test_what_is_asked_for_too_much_or_too_early_is_found(host: BlockingHost) -> None:
    instance_id = host.start("two_charges")
    host.until_done(instance_id)
    lines = host.record(instance_id).to_text().splitlines()
    answered = next(n for n, line in enumerate(lines) if '"TaskCompleted"' in line)
    shorter = Recording.from_text("\n".join(lines[: answered + 1]))

    with pytest.raises(ReplayError, match="asks for what was not recorded"):
        host.replay(shorter)
    with pytest.raises(ReplayError, match="now it goes on"):
        host.replay(Recording.from_text("\n".join([*lines[: answered + 1], lines[-1]])))
    with pytest.raises(ReplayError, match="now it ends"):
        host.replay(Recording.from_text("\n".join(lines[:-1])))


def test_what_somebody_terminated_is_no_end_of_the_code(host: BlockingHost) -> None:
    instance_id = host.start("approval")
    host.advance(timedelta(days=1))
    hooks = "/runtime/webhooks/durabletask/instances"
    host.call_http("POST", f"{hooks}/{instance_id}/terminate?reason=enough")
    host.at_rest()

    host.replay(host.record(instance_id))


def test_an_orchestrator_that_is_gone_is_named(host: BlockingHost) -> None:
    instance_id = host.start("two_charges")
    host.until_done(instance_id)
    recording = changed(host.record(instance_id), "two_charges", "three_charges")

    with pytest.raises(ReplayError, match="no orchestrator 'three_charges'"):
        host.replay(recording)


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"instanceId": "a"}\n{"type": "Nothing"}'])
def test_what_is_no_recording_is_refused(text: str) -> None:
    with pytest.raises(KitError, match="no recording"):
        Recording.from_text(text)
