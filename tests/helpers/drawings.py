"""What a test needs in order to read the pictures of the course: as a browser would, from the HTML that is displayed."""

import base64
import html.parser
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def parse(markup):
    """Return the alternative text and the drawing, an XML element, of the one picture in `markup`."""
    found = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Parser().feed(markup)
    [(tag, attributes)] = found
    head, _, body = attributes["src"].partition(",")
    assert (tag, head) == ("img", "data:image/svg+xml;base64")
    return attributes["alt"], ET.fromstring(base64.b64decode(body, validate=True))


def texts(drawing):
    """Return the texts in a drawing, in the order in which they were drawn."""
    return [element.text.strip() for element in drawing.iter(SVG + "text")]
