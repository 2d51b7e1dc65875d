"""Django's report of an error, as a page while `DEBUG` is on and as mail: the traceback as the log has it, and no value
of a variable, a setting, a header or a form.
"""

from __future__ import annotations

import traceback

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from ductape.scrubbing import scrub


class BareReporter(ExceptionReporter):
    def get_traceback_text(self) -> SafeString:
        text = scrub("".join(traceback.format_exception(self.exc_type, self.exc_value, self.tb)))
        return SafeString(text)  # as plain text, where nothing is to be escaped

    def get_traceback_html(self) -> SafeString:
        return format_html("<!doctype html><title>Error</title><pre>{}</pre>", str(self.get_traceback_text()))
