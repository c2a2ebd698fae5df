"""Where the words of a figure are drawn, and that none hides another or leaves the figure."""

from course_lib import plots


def words_drawn(figure):
    """Words and box of every text that is drawn: ticks outside an axis have a label but no ink."""
    plots.png(figure)
    renderer = figure.canvas.get_renderer()
    texts = [*figure.texts]
    for ax in figure.axes:
        texts += (*ax.texts, ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label)
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = (*axis.get_major_ticks(), *axis.get_minor_ticks())
            texts += [tick.label1 for tick in ticks if low <= tick.get_loc() <= high]
    texts = [text for text in texts if text.get_text() and text.get_visible()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts]


def assert_words_fit(figure):
    card, found = figure.bbox, words_drawn(figure)
    for i, (words, box) in enumerate(found):
        assert min(box.x0, box.y0, card.x1 - box.x1, card.y1 - box.y1) >= 0, words
        for other, second in found[i + 1 :]:
            assert not box.overlaps(second), (words, other)
