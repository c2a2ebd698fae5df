"""Moves the controls of an explorer in a real page by keyboard, and reads what it shows."""

import time
from dataclasses import dataclass

from course_lib.explorers.frame import CSS_CLASS

PANEL = f".jupyter-widgets.{CSS_CLASS}"
PAGES = 3  # PageDown presses on a slider between its ends
ARROWS_A_PAGE = 5  # steps of a slider at PageUp and PageDown

# What is pressed goes to the kernel, which answers one message after the other; the page holds
# back what is pressed meanwhile until it has. So all is drawn once the kernel has answered twice
# while nothing changed, however long it takes.
ANSWERED = """async panel => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  let quiet = 0;
  const watch = new MutationObserver(() => { quiet = 0; });
  watch.observe(panel, { childList: true, subtree: true, characterData: true });
  while (quiet < 2) {
    quiet += 1;
    await kernel.requestKernelInfo();
    await new Promise(done => setTimeout(done, 30));
  }
  watch.disconnect();
}"""
CONTROLS = """panel => [...panel.querySelectorAll('.widget-inline-hbox')]
  .filter(box => box.offsetParent !== null)
  .map(box => ({
  // The name of a box to tick is beside the box; its .widget-label is empty.
  label: (box.querySelector('.widget-label-basic') ?? box.querySelector('.widget-label'))
    ?.innerText ?? '',
  kind: ['widget-hslider', 'widget-dropdown', 'widget-checkbox']
    .find(name => box.classList.contains(name)) ?? '',
  handles: box.querySelectorAll('.noUi-handle').length,
}))"""
READOUTS = """panel => Object.fromEntries(
[...panel.querySelectorAll('.widget-hslider')].map(box => [
  box.querySelector('.widget-label').innerText,
  [...box.querySelectorAll('.noUi-handle')].map(h => parseFloat(h.ariaValueText)),
]))"""
# Whether anything sticks out of the notebook to the right, where a reader would have to scroll.
TOO_WIDE = """panel => [...panel.querySelectorAll('*')]
  // Tables and lines of code scroll in boxes of their own, and charts clip what leaves their axes.
  .filter(part => !part.closest('[style*=overflow-x]'))
  .filter(part => !part.closest('svg') || part.matches('svg[role=img]'))
  .filter(part => part.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)
  .map(part => `${part.tagName} ${part.className}`)"""
CHANGES = """panel => {
  const picture = [...panel.querySelectorAll('.widget-html-content')]
    .find(element => element.querySelector('svg[role=img]')).parentElement;
  window.frames_seen = 0;
  window.frame_watch?.disconnect();
  window.frame_watch = new MutationObserver(() => { window.frames_seen += 1; });
  window.frame_watch.observe(picture, { childList: true, subtree: true });
}"""


@dataclass
class Panel:
    """An explorer in a page."""

    page: object

    @property
    def element(self):
        return self.page.locator(PANEL).first

    def wait(self):
        """Wait until the kernel has answered all that was pressed, and the page has drawn it."""
        self.element.evaluate(ANSWERED)

    def says(self, words, *, exactly=False):
        """Whether the panel comes to say these words, within half a minute; or exactly those."""
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            text = self.text()
            if (words == text) if exactly else (words in text):
                return True
            self.page.wait_for_timeout(50)
        return False

    def controls(self):
        """Every slider, list and box with a label: its label and kind."""
        found = self.element.evaluate(CONTROLS)
        return [(c["label"], c["kind"], c["handles"]) for c in found if c["label"] and c["kind"]]

    def control(self, label):
        box = self.element.locator(".widget-inline-hbox")
        return box.filter(has=self.page.locator(f':is(label, span):text-is("{label}")')).first

    def values(self):
        """The values of all sliders as a screen reader hears them (of a log slider: the power)."""
        return self.element.evaluate(READOUTS)

    def shown(self):
        """All that the panel shows, as HTML: words, pictures and details."""
        return self.element.evaluate(
            "panel => [...panel.querySelectorAll('.widget-html-content')]"
            ".map(element => element.innerHTML).join('')"
        )

    def text(self):
        return self.element.inner_text()

    def press(self, label, *keys, handle=0):
        """Press keys on a slider, one after the other, as fast as a page takes them."""
        self.control(label).locator(".noUi-handle").nth(handle).focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.wait()

    def sweep(self, label, kind, handles):
        """Move one control over its whole range by keyboard and back; return what was shown."""
        seen = []
        if kind == "widget-hslider":
            for handle in range(handles):
                seen += self._sweep_slider(label, handle)
        elif kind == "widget-dropdown":
            seen += self._sweep_list(label)
        else:
            box = self.control(label).locator("input")
            for _ in range(2):
                box.press("Space")
                self.wait()
                seen.append(self.shown())
        return seen

    def _sweep_slider(self, label, handle):
        def value():
            return self.values()[label][handle]

        before, seen = value(), []
        for keys in (["End"], *[["PageDown"]] * PAGES, ["Home"]):
            self.press(label, *keys, handle=handle)
            seen.append(self.shown())
        least = value()
        self.press(label, "ArrowRight", handle=handle)
        step = value() - least
        for _ in range(5):  # a page that is busy may lose a press among many
            steps = round((before - value()) / step)
            if steps:
                keys = ("PageUp", "ArrowRight") if steps > 0 else ("PageDown", "ArrowLeft")
                far, near = divmod(abs(steps), ARROWS_A_PAGE)
                self.press(label, *[keys[0]] * far, *[keys[1]] * near, handle=handle)
        return seen

    def _sweep_list(self, label):
        chooser, seen = self.control(label).locator("select"), []
        before = chooser.input_value()
        chooser.press("Home")
        for _ in range(chooser.locator("option").count()):
            self.wait()
            seen.append(self.shown())
            self._next_entry(chooser)
        chooser.select_option(before)
        self.wait()
        return seen

    def _next_entry(self, chooser):
        """Press ArrowDown until the next entry is chosen, or the last has been."""
        before = chooser.input_value()
        for _ in range(3):  # a page that is busy may lose a press
            chooser.press("ArrowDown")
            self.page.wait_for_timeout(30)
            if chooser.input_value() != before:
                return

    def press_button(self, name):
        self.element.locator("button", has_text=name).first.press("Enter")

    def play(self, frames):
        """Press play, and pause once so many frames were drawn; return how many came after it.

        A frame is drawn every 100 ms or so, and later on a busy machine: no clock is asked here.
        """
        self.element.evaluate(CHANGES)
        button = self.element.locator(".widget-play button").first
        button.press("Enter")
        self.page.wait_for_function("n => window.frames_seen >= n", arg=frames)
        button.press("Enter")  # now it is pause
        self.wait()
        drawn = self.page.evaluate("window.frames_seen")
        self.page.wait_for_timeout(1000)
        return self.page.evaluate("window.frames_seen") - drawn

    def sticking_out(self):
        """What reaches beyond the panel's right edge."""
        return self.element.evaluate(TOO_WIDE)
