// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "tools/bucky/retrospective/drawings.h"
#include "tools/bucky/retrospective/sections.h"

namespace bucky {
namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --soft: #59636e; --line: #d1d9e0;
  --pane: #f6f8fa; --one: #0b62b8; --two: #c2500b; --limit: #9a1c5f; --bar: #b9cbe0; }
@media (prefers-color-scheme: dark) { :root { --bg: #14181d; --fg: #e6e9ee; --soft: #9aa5b1;
  --line: #38424d; --pane: #1d232a; --one: #6cb0ff; --two: #ff9d5c; --limit: #ff8fc6;
  --bar: #35506e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: .75rem; background: var(--bg); color: var(--fg);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; margin: .2rem 0 .4rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem;
  padding-top: .6rem; border-top: 1px solid var(--line); } h3 { font-size: 1rem;
  margin: 1rem 0 .3rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .3rem 0; }
th, td { text-align: left; padding: .18rem .5rem; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: normal; } th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; white-space: nowrap; } tr.use td { background: var(--pane);
  font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; margin: .6rem 0; }
.tile { background: var(--pane); border: 1px solid var(--line); border-radius: 6px;
  padding: .4rem .7rem; min-width: 7.5rem; } .tile b { display: block; font-size: 1.25rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: .3rem 0; } figcaption { color: var(--soft); font-size: .85rem; max-width: 17rem; }
svg.square { width: 17rem; max-width: 100%; display: block; } svg.strip { width: 9rem;
  height: 1.1rem; }
svg text { fill: var(--soft); font: 10px system-ui, sans-serif; }
.frame { fill: var(--pane); stroke: var(--line); } .chance { stroke: var(--line);
  stroke-dasharray: 3 3; }
polyline { fill: none; stroke-width: 2; } .m0 { stroke: var(--one); } .m1 { stroke: var(--two); }
.f0 { fill: var(--one); } .f1 { fill: var(--two); } .bar { fill: var(--bar); }
  .strong { fill: var(--one); }
.limit { stroke: var(--limit); stroke-width: 1.2; stroke-dasharray: 4 2; }
  .points { stroke: var(--one);
  stroke-width: 3; stroke-linecap: round; stroke-opacity: .45; fill: none; }
.thin { stroke: var(--line); stroke-width: .6; } rect.wide { fill: var(--bar); }
  .half { fill: var(--one); opacity: .65; }
.middle { fill: var(--fg); } .tick { fill: var(--limit); }
.key0, .key1 { white-space: nowrap; }
.key0::before, .key1::before { content: ""; display: inline-block; width: .7em; height: .7em;
  border-radius: 50%; margin-right: .35em; background: var(--one); }
  .key1::before { background: var(--two); }
details { margin: .4rem 0; } summary { cursor: pointer; font-weight: 600; }
pre { background: var(--pane); border: 1px solid var(--line); border-radius: 6px;
  padding: .5rem .7rem;
  overflow-x: auto; font-size: .85rem; overflow-wrap: normal; }
nav { display: flex; flex-wrap: wrap; gap: .2rem .8rem; margin: .4rem 0; } a { color: var(--one); }
@media (max-width: 60rem) { td.n { white-space: normal; } }
@media print { details { display: block; } }
</style>
)html";

std::string opening(const Audit& audit) {
    std::string text{kHead};
    text += fmt::format("<title>{0}</title></head><body>\n<h1>{0}</h1>\n", html(audit.title));
    for (const auto& remark : audit.remarks) {
        text += fmt::format("<p class=\"soft\">{}</p>\n", html(remark));
    }
    return text;
}

std::string links(const Audit& audit) {
    std::string text = "<nav>";
    for (const auto& finding : audit.findings()) {
        text += fmt::format("<a href=\"#{}\">{}</a>", html(finding.key), html(finding.name));
    }
    return text + "</nav>\n";
}

constexpr std::string_view kMethod = R"html(<h2>How the figures are made</h2>
<p class="soft">AUC: area under the ROC curve (Mann and Whitney), ties count half; its interval is
DeLong's, on the logit scale. The difference of two AUCs is paired (DeLong). Intervals of shares are
Wilson's. All intervals are 95 %, and take the images for independent: several of one patient make
them a little too narrow. With truth, of a label with several images the one with the highest score
speaks; refused images are in no figure but "Not analysed". A small group has a wide interval: read
it before the share. Score strips show the 5th to 95th of a hundred scores, the middle half, the
median, and the threshold in use.</p>
<p class="soft">This page says how a model behaves on images of the past. It is no evidence that a
patient of tomorrow is helped by it.</p>
)html";

}  // namespace

std::string page_of(const Audit& audit) {
    std::string text = opening(audit) + counts_section(audit) + links(audit);
    for (const auto& finding : audit.findings()) text += finding_section(audit, finding);
    text += kMethod;
    return text + "</body></html>\n";
}

}  // namespace bucky
