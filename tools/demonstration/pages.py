# SPDX-License-Identifier: Apache-2.0
"""One small page for each image, served by the PACS at a URL that fits on a line of a terminal:
the web viewer of the PACS with the result, and links to the study and the X-ray."""

import html
import os

PAGE = """<!doctype html>
<meta charset="utf-8"><title>{title}</title>
<style>body{{margin:0;background:#111;color:#ddd;font:15px sans-serif}}
p{{margin:8px 12px}} a{{color:#9cf}} iframe{{border:0;width:100%;height:calc(100vh - 40px)}}</style>
<p><b>{title}</b> &middot; {verdict} &middot; <a href="{study}">the study in the PACS</a>
&middot; <a href="{xray}">the X-ray</a> &middot; <a href="{shown}">this view</a></p>
<iframe src="{shown}"></iframe>
"""


def viewer(series):
    return f"/web-viewer/app/viewer.html?series={series}"


def write(folder, number, title, verdict, study, xray_series, shown_series):
    """Writes page `number`; returns its path on the web server of the PACS."""
    text = PAGE.format(title=html.escape(title), verdict=html.escape(verdict),
                       study=f"/app/explorer.html#study?uuid={study}",
                       xray=viewer(xray_series), shown=viewer(shown_series))
    with open(os.path.join(folder, f"{number}.html"), "w", encoding="utf-8") as file:
        file.write(text)
    return f"/ai/{number}.html"
