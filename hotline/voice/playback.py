"""What we are saying to the citizen: pieces sent, how long they last, what the far end confirmed.

A far end plays what it gets in order and answers a mark after each piece. It answers marks of cleared audio too, so a
mark does not prove that a piece was heard; how much was heard is worked out from the time.
"""

from __future__ import annotations

from dataclasses import dataclass

LATE_S = 1.0  # a mark that does not come back is given up this long after its audio must have ended


@dataclass(slots=True)
class Piece:
    """One piece of speech on its way: its mark, its text, and when it begins and ends by our clock."""

    mark: str
    text: str
    begins: float
    ends: float
    seq: int


class Playback:
    """Accounts for one call's outgoing audio."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.said = 0
        self.marks_back = 0
        self.unknown_marks = 0

    def send(self, *, now: float, seconds: float, text: str, seq: int, last: bool = False) -> Piece:
        """A piece is being sent; it plays after those before it. The mark of the `last` one of an answer says so."""
        begins = max(now, self.pieces[-1].ends if self.pieces else now)
        self.said += 1
        piece = Piece(f"{'end' if last else 's'}{self.said}", text, begins, begins + seconds, seq)
        self.pieces.append(piece)
        return piece

    def mark(self, name: str) -> None:
        """A mark came back: its piece and those before it are over."""
        for position, piece in enumerate(self.pieces):
            if piece.mark == name:
                del self.pieces[: position + 1]
                self.marks_back += 1
                return
        self.unknown_marks += 1

    def playing(self, now: float) -> bool:
        """Whether the citizen hears us now, as far as we can know."""
        while self.pieces and now > self.pieces[0].ends + LATE_S:
            self.pieces.pop(0)
        return bool(self.pieces)

    def clear(self, now: float) -> list[Piece]:
        """Stop: forget all pieces; returns those that were not heard to their end."""
        unheard = [piece for piece in self.pieces if piece.ends > now]
        self.pieces.clear()
        return unheard
