"""Checks that a picture is well-formed SVG."""

import sys
from xml.etree import ElementTree

root = ElementTree.parse(sys.argv[1]).getroot()
assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
