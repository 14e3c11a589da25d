# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes up between two steps what a person says about the run.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from ..cce import control, steps
from ..cce.appliance import Appliance
from ..cce.control import Control
from ..cce.exceptions import ConnectionLost, NoAnswer, Refused
from ..cce.failure_classes import FailureClass
from .control_file import ControlFile
from .host import Host

LOOK_SECONDS = 5.0
"""Between two looks at the file while the run is held."""

SIGN_SECONDS = 30.0
"""Between two small readings of the appliance meanwhile, so that the run keeps the lease of the site."""

TELL_SECONDS = 300.0
"""Between two lines that say that it is still held."""


@dataclass
class RunControl:
    """What is asked of the file between two steps.

    Attributes:
        file: None where nobody may say anything.
        wait: seconds that a hold is waited for.
        run: this run of ansible-playbook.
        heeded: what was taken up in this task, sentences.
    """

    host: Host
    file: ControlFile | None
    wait: float
    run: str
    heeded: list[str] = field(default_factory=list)

    def read(self) -> Control:
        """What is in force."""
        return Control() if self.file is None else self.file.read()

    def wait_while_held(self) -> bool:
        """Wait until nobody holds the run. Nothing of it is under way meanwhile.

        Returns:
            Whether it was held: what was read before is old then.

        Raises:
            Refused: the wait is over.
        """
        held = self.read().held
        if not held:
            return False
        clock = self.host.clock
        begun = told = shown = clock.monotonic()
        first = held
        self._say(f"{held}; waits up to {self.wait:.0f} s for the word to go on")
        while held:
            waited = clock.monotonic() - begun
            if waited >= self.wait:
                raise Refused(
                    f"{self.host.name} waits for the word to go on: the run is {held}, for {waited:.0f} seconds now.",
                    failure=FailureClass.HELD,
                )
            self.host.pause(min(LOOK_SECONDS, self.wait - waited))
            if clock.monotonic() - shown >= SIGN_SECONDS:
                shown = clock.monotonic()
                self._show_alive()
            now = self.read().held or (held if self._is_out_of_sight() else "")
            if now and (now != held or clock.monotonic() - told >= TELL_SECONDS):
                told = clock.monotonic()
                self.host.tell(f"{now}, for {clock.monotonic() - begun:.0f} s now")
            held = now
        self._say(f"goes on after {clock.monotonic() - begun:.0f} s; it was {first}")
        return True

    def _show_alive(self) -> None:
        """A small reading carries the sign of life of the site's lease; whether it gets there is no matter of a wait."""
        with suppress(ConnectionLost, NoAnswer):
            self.host.exchange([steps.clock()])

    def _is_out_of_sight(self) -> bool:
        """Whether the folder of the file is gone, too: then nobody has taken the word back."""
        return self.file is not None and not self.file.path.parent.is_dir()

    def require_not_left_out(self, own: Appliance, target: str | None) -> None:
        """An appliance that was left out after its turn began is not worked on. Raises Refused.

        Args:
            own: its state.
            target: the version it is brought to; at that version there is nothing to leave out any more.
        """
        word = self.read().left_out.get(self.host.name)
        if word is None or (own.running == target and own.scripts == target):
            return
        begun = (
            "its upgrade or its way back has begun"
            if is_begun(own)
            else "its turn has begun, and nothing was changed yet"
        )
        raise Refused(
            f"{self.host.name} is left out {word}, and {begun}.",
            "" if is_begun(own) else "Run the same command again: it leaves the appliance out.",
            failure=FailureClass.LEFT_OUT,
        )

    def take_stop(self) -> None:
        """End the run where somebody said so; it is for this run only. Raises Refused."""
        word = self.read().stop
        if self.file is None or word is None or not self.read().stops(self.run):
            return
        try:
            self.file.update(lambda found: _taken(found, self.run))
        except OSError as error:
            self.host.warn(f"That the stop was taken up could not be written down, so the next run stops, too: {error}")
        raise Refused(
            f"The run stops before {self.host.name}, as was said {word}. What is done is done; nothing is under way.",
            failure=FailureClass.STOPPED,
        )

    def _say(self, text: str) -> None:
        self.host.tell(text)
        self.heeded.append(f"{self.host.name}: {text}")


def is_begun(own: Appliance) -> bool:
    """Whether an upgrade was begun and is not done; what could not be read may be."""
    if own.module_present is not True or not isinstance(own.jobs, tuple):
        return True
    return bool(own.jobs) or not isinstance(own.scripts, str) or own.scripts != own.running


def _taken(found: Control, run: str) -> Control:
    if found.stop is None or found.problem:
        return found
    return Control(found.hold, _of_run(found.stop, run), found.left_out)


def _of_run(word: control.Word, run: str) -> control.Word:
    return control.Word(word.by, word.reason, word.at, run)
