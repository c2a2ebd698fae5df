"""The novel and the made-up language."""

import re

import numpy as np
import pytest

from course_lib.problems import grammar, grammar_text, moby_dick


def test_no_chapter_of_the_novel_is_in_both_parts():
    text = moby_dick()
    numbers = [
        set(map(int, re.findall(r"^CHAPTER (\d+)\.", bytes(part).decode("ascii"), re.M)))
        for part in (text.train, text.held_out)
    ]
    assert numbers[1] == {10, 20, 30, 40, 50}
    assert numbers[0] == set(range(1, 51)) - numbers[1]


def test_windows_lie_at_even_distances_from_the_first_byte_to_the_last():
    text = moby_dick()
    windows = text.windows(5, 100)
    assert windows.shape == (5, 101)
    assert (windows[0] == text.held_out[:101]).all()
    assert (windows[-1] == text.held_out[-101:]).all()


def test_windows_longer_than_the_text_are_refused():
    with pytest.raises(ValueError, match="length must be < the 30177 held-out bytes, got 30177"):
        moby_dick().windows(1, 30_177)


def test_the_entropy_is_that_of_sampled_sentences():
    language, draw = grammar(seed=3), np.random.default_rng(1)
    sampled = [language.sentence(draw) for _ in range(4000)]
    nats = np.array([n for _, n in sampled])
    lengths = np.array([len(sentence) for sentence, _ in sampled])
    # the ratio of two means, and its standard error
    ratio = nats.mean() / lengths.mean()
    error = (nats - ratio * lengths).std() / lengths.mean() / np.sqrt(len(nats))
    assert abs(ratio - language.entropy) < 4 * error
    assert error < 0.003


def test_a_sentence_can_have_come_about_in_one_way_only():
    language = grammar(seed=0)
    words = [*language.nouns, *language.verbs, *language.adjectives]
    assert len(set(words)) == len(words)
    assert not any(word.endswith("s") or word in ("the", "near") for word in words)


def test_a_sentence_has_the_probability_that_is_said_of_it():
    language = grammar(seed=0)
    draw = np.random.default_rng(7)
    noun, verb = language.nouns.index, language.verbs.index
    for _ in range(50):
        sentence, nats = language.sentence(draw)
        *_, subject, action, _the, what = (
            sentence.replace(" near the ", " near:").rstrip(". ").split()
        )
        chances = []
        if ":" in subject:  # "near:place" stands where the subject would
            chances.append(0.3 * language.zipf[noun(subject.partition(":")[2])])
            subject = sentence.split(" near ")[0].split()[-1]
        else:
            chances.append(0.7)
        adjectives = sentence.split(" " + subject + " ")[0].split()[1:]
        ranks = [1 + language.adjectives.index(word) for word in adjectives]
        harmonic = sum(1 / k for k in range(1, len(language.adjectives) + 1))
        chances += [1 / rank / harmonic for rank in ranks]
        chances.append((0.6, 0.24, 0.16)[len(adjectives)])
        plural = subject.endswith("s")
        assert action.endswith("s") != plural
        subject, action = subject.rstrip("s"), action.rstrip("s")
        chances += [0.3 if plural else 0.7, language.zipf[noun(subject)]]
        chances.append(language.verb_after[noun(subject), verb(action)])
        chances.append(language.object_after[verb(action), noun(what)])
        assert nats == pytest.approx(-np.log(chances).sum(), abs=1e-9), sentence


def test_text_and_held_out_text_are_of_one_language_and_differ():
    text = grammar_text(seed=1, length=5000)
    assert (len(text.train), len(text.held_out)) == (5000, 30_000)
    assert text.loss_floor == grammar(seed=1).entropy
    assert max(text.train.max(), text.held_out.max()) < text.vocabulary
    assert bytes(text.train[:500]) not in bytes(text.held_out)
