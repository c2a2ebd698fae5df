"""Outcomes that a lesson's cells record, and the sentences that rest on them.

A cell that compares two schedules records the result, `1-cycle better_than constant at 40
updates`, in the data of its output. A sentence that concludes something names the outcome that it
rests on in a comment, `<!-- holds: 1-cycle better_than constant at 40 updates -->`, and the check
of the course fails if the record says something else (`course_tools.authoring.bindings`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

#: Type of the part of an output that holds the outcomes of a cell.
MIME = "application/vnd.lr-course.outcomes+json"

#: Relation -> the relation when subject and object change places.
RELATIONS = {
    "better_than": "worse_than",
    "worse_than": "better_than",
    "equal_to": "equal_to",
    "open_against": "open_against",
}
BEATEN_BY = "beaten_by"
_IS = "is"


@dataclass(frozen=True)
class Outcome:
    """The result of one comparison, one count or one test, in words.

    Attributes:
        subject: a schedule, or the words of a fact.
        relation: `better_than`, `worse_than`, `equal_to`, `open_against`, `beaten_by` or `is`.
        object: another schedule; a number of schedules; `true` or `false`.
        where: the condition, such as `40 updates`; empty where a notebook has one comparison.

    >>> print(Outcome("1-cycle", "better_than", "constant", "40 updates"))
    1-cycle better_than constant at 40 updates
    >>> print(Outcome("the loop of the article diverges", "is", "true"))
    the loop of the article diverges
    """

    subject: str
    relation: str
    object: str
    where: str = ""

    def __post_init__(self) -> None:
        """Check the relation and what may stand on its right."""
        known = (*RELATIONS, BEATEN_BY, _IS)
        if self.relation not in known:
            raise ValueError(f"relation must be one of {list(known)}, got {self.relation!r}")
        if self.relation == _IS and self.object not in ("true", "false"):
            raise ValueError(f"object must be 'true' or 'false' for a fact, got {self.object!r}")
        if self.relation == BEATEN_BY and not self.object.isdecimal():
            raise ValueError(f"object must be a number of schedules, got {self.object!r}")
        for name in ("subject", "where"):
            value = getattr(self, name)
            if ";" in value or "--" in value or (name == "subject" and not value.strip()):
                raise ValueError(f"{name} must be words without ';' and '--', got {value!r}")

    def __str__(self) -> str:
        """Write it as a sentence's comment names it."""
        if self.relation == _IS:
            words = self.subject if self.object == "true" else f"{self.subject} is false"
        else:
            words = f"{self.subject} {self.relation} {self.object}"
        return words + (f" at {self.where}" if self.where else "")

    def ways(self) -> list[Outcome]:
        """Return this outcome in all its wordings: A is better than B, B is worse than A."""
        if self.relation not in RELATIONS:
            return [self]
        return [self, Outcome(self.object, RELATIONS[self.relation], self.subject, self.where)]

    def denials(self) -> list[Outcome]:
        """Return the outcomes that cannot be true beside this one, except other counts."""
        if self.relation == _IS:
            other = "false" if self.object == "true" else "true"
            return [Outcome(self.subject, _IS, other, self.where)]
        return [
            Outcome(way.subject, relation, way.object, self.where)
            for way in self.ways()
            for relation in RELATIONS
            if self.relation in RELATIONS and relation != way.relation
        ]


def normal(words: str) -> str:
    """Return words in the form in which they are compared, without case, hyphens, underscores and
    spaces.

    >>> normal("One-Cycle better_than  constant")
    'one cycle better than constant'
    """
    return re.sub(r"[\s_-]+", " ", words).strip().casefold()


def check_claim(claim: str, outcomes: Iterable[Outcome]) -> str:
    """Return why a claim does not follow from the outcomes; empty if one of them states it.

    Args:
        claim: words of a comment after `holds:`, such as `linear equal_to cosine`.
        outcomes: outcomes that the cells recorded.

    >>> found = [Outcome("linear", "open_against", "cosine")]
    >>> check_claim("cosine open_against linear", found)
    ''
    >>> check_claim("linear equal_to cosine", found)
    "the record says 'linear open_against cosine'"
    >>> check_claim("linear equal_to WSD", found)
    'no cell records it'
    """
    wanted, known = normal(claim), list(outcomes)
    if any(wanted == normal(str(way)) for outcome in known for way in outcome.ways()):
        return ""
    for outcome in known:
        if any(wanted == normal(str(denial)) for denial in outcome.denials()):
            return f"the record says {str(outcome)!r}"
        if outcome.relation == BEATEN_BY:
            about = re.escape(normal(f"{outcome.subject} {BEATEN_BY} 0")[:-1])
            where = re.escape(normal(f" at {outcome.where}")) if outcome.where else ""
            if re.fullmatch(rf"{about}\d+" + (f" {where}" if where else ""), wanted):
                return f"the record says {str(outcome)!r}"
    return "no cell records it"


def as_data(outcomes: Iterable[Outcome]) -> list[list[str]]:
    """Return outcomes as JSON holds them.

    >>> as_data([Outcome("linear", "equal_to", "cosine", "digits")])
    [['linear', 'equal_to', 'cosine', 'digits']]
    """
    return [[one.subject, one.relation, one.object, one.where] for one in outcomes]


def from_data(data: Iterable[Iterable[str]]) -> list[Outcome]:
    """Return the outcomes that an output holds.

    >>> from_data(as_data([Outcome("linear", "beaten_by", "2")]))
    [Outcome(subject='linear', relation='beaten_by', object='2', where='')]
    """
    return [Outcome(*one) for one in data]


def show_facts(facts: Mapping[str, bool], *, at: str = "") -> None:
    """Display the tested facts, each with its answer, and record them.

    Args:
        facts: words of a statement -> whether it is true.
        at: under which condition, such as `peak 0.2`; part of the record.

    Raises:
        TypeError: a value is not a bool: a number that is not tested yet is no fact.
        ValueError: no fact.

    >>> show_facts({"rate 1 ends below rate 0.3": True})  # doctest: +ELLIPSIS
    {...rate 1 ends below rate 0.3: true...}
    """
    from IPython.display import display  # only a notebook needs it

    if not facts:
        raise ValueError("facts must hold at least one statement, got none")
    for words, value in facts.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"facts[{words!r}] must be a bool, got {value!r}")
    found = [Outcome(words, _IS, str(bool(value)).lower(), at) for words, value in facts.items()]
    lines = [f"{one.subject}: {one.object}" for one in found]
    head = [f"at {at}:"] if at else []
    body = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    title = f"<p>{html.escape(head[0])}</p>" if head else ""
    display(
        {
            "text/html": f"{title}<ul>{body}</ul>",
            "text/plain": "\n".join([*head, *lines]),
            MIME: as_data(found),
        },
        raw=True,
    )
