"""A main screen with one list that can be filtered; the filter line comes when asked for and goes with esc."""

from textual import on
from textual.widgets import Input

from screens.frame import Frame
from screens.widgets.rows import Rows


class Listing(Frame):
    """Subclasses name the list in `LIST` and say in `FILTER_HINT` what a filter looks at."""

    LIST = ""
    FILTER_HINT = "filter: a part of the text"

    def show_filter(self, text: str = "") -> None:
        """Open the filter line above the list, with `text` in it, and put the cursor there."""
        boxes = self.query("#filter")
        if boxes:
            boxes.first().focus()
            return
        box = Input(text, placeholder=self.FILTER_HINT, id="filter")
        listed = self.query_one(self.LIST)
        if listed.parent is not None:
            self.mount(box, before=listed)
        box.focus()

    def leave(self) -> bool:
        """Close the filter line; False when there was none."""
        boxes, listed = self.query("#filter"), self.query_one(self.LIST, Rows)
        listed.focus()
        if not boxes:
            return False
        boxes.remove()
        self.set_filter("")
        return True

    def set_filter(self, text: str) -> None:
        """Show what passes the filter line; empty shows all."""
        self.query_one(self.LIST, Rows).set_filter(text)

    @on(Input.Changed, "#filter")
    def _filter(self, event: Input.Changed) -> None:
        self.set_filter(event.value.strip())
        self.tick(self.now)

    @on(Input.Submitted, "#filter")
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.query_one(self.LIST).focus()
        else:
            self.leave()
