"""What a test needs in order to read the pictures of the course: as a browser would, from the HTML that is displayed."""

import base64
import html.parser
import xml.etree.ElementTree as ET

import numpy as np

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


def markers(drawing):
    """Return the places, (K, 2), of each kind of marker in a drawing."""
    places = {}
    for use in drawing.iter(SVG + "use"):
        kind = use.attrib["{http://www.w3.org/1999/xlink}href"]
        places.setdefault(kind, []).append([float(use.attrib["x"]), float(use.attrib["y"])])
    return [np.array(several) for several in places.values()]


def lines(drawing):
    """Return the points, (K, 2), of each line that is drawn without a filling."""
    paths = [e.attrib for e in drawing.iter() if "d" in e.attrib and "fill: none; stroke" in e.attrib.get("style", "")]
    return [np.array(path["d"].replace("M", "").replace("L", "").split(), float).reshape(-1, 2) for path in paths]
