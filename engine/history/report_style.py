"""How the report of a run looks: on a screen, light or dark, and on paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --sunken: #f3f4f7; --border: #d5d9e2; --text: #1b2130; --muted: #5c6578; --grid: #dfe3ea;
  --training: #2463eb; --validation: #d9480f; --good: #12805c; --right: 18, 128, 92; --wrong: 217, 72, 15;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171e; --sunken: #1c212b; --border: #323a49; --text: #e7eaf1; --muted: #9aa4b8; --grid: #2a313e;
    --training: #5b9bff; --validation: #ffa24d; --good: #41c896; --right: 46, 160, 118; --wrong: 255, 138, 76;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 32px 20px 48px; max-width: 920px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 36px 0 8px; padding-bottom: 4px; border-bottom: 1px solid var(--border); }
h3 { font-size: 15px; margin: 0 0 4px; }
p { margin: 8px 0; }
.muted, footer { color: var(--muted); }
.note { white-space: pre-wrap; padding: 10px 14px; background: var(--sunken); border-left: 3px solid var(--training); }
.figures { display: flex; flex-wrap: wrap; gap: 10px; margin: 18px 0 0; padding: 0; }
.figures div { flex: 1 1 150px; padding: 10px 14px; background: var(--sunken); border-radius: 8px; }
.figures dt { color: var(--muted); font-size: 13px; }
.figures dd { margin: 0; font-size: 21px; font-weight: 600; line-height: 1.3; }
.figures small { display: block; font-size: 13px; font-weight: 400; color: var(--muted); }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 13px; fill: var(--muted); }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg line { stroke: var(--grid); }
svg .axis { stroke: var(--border); }
svg path { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .training { stroke: var(--training); }
svg .validation { stroke: var(--validation); }
svg circle.training { fill: var(--training); stroke: none; }
svg circle.validation { fill: var(--validation); stroke: none; }
svg .batch { stroke: var(--training); stroke-width: 1; opacity: 0.36; }
svg .best { stroke: var(--good); stroke-width: 1.5; stroke-dasharray: 5 4; }
svg .begins { stroke: var(--muted); stroke-width: 1.5; }
svg .change { stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 1 4; stroke-linecap: round; }
svg.sample .batch { opacity: 0.6; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 12px; padding: 0; list-style: none; }
.legend svg { display: inline-block; width: 28px; height: 12px; vertical-align: -1px; margin-right: 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
table.full { width: 100%; }
th, td { padding: 4px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; border-bottom-color: var(--border); }
tbody th { font-weight: 500; }
.settings th { width: 34%; color: var(--muted); }
td.n, th.n { text-align: right; white-space: nowrap; }
tr.best td, tr.best th { font-weight: 600; color: var(--good); }
.confusion th, .confusion td { padding: 5px 7px; text-align: center; border: 1px solid var(--page); }
.confusion tbody th { text-align: right; font-weight: 500; }
.confusion tbody td { min-width: 42px; }
.confusion .none { color: var(--muted); opacity: 0.55; }
.right { background: rgba(var(--right), var(--heat)); }
.wrong { background: rgba(var(--wrong), var(--heat)); }
.bar { display: inline-block; width: 60px; height: 8px; background: var(--grid); border-radius: 4px; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--good); }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(116px, 1fr)); gap: 12px; }
.mistakes figure { padding: 8px; background: var(--sunken); border-radius: 8px; text-align: center; }
.mistakes img {
  width: 84px; height: 84px; object-fit: contain; image-rendering: pixelated; background: #000; border-radius: 4px;
}
.mistakes figcaption { font-size: 13px; line-height: 1.35; }
.mistakes b { color: var(--validation); }
footer { margin-top: 40px; font-size: 13px; }
@media print {
  @page { margin: 15mm; }
  :root { color-scheme: light; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h1 { font-size: 20pt; }
  h2 { font-size: 13pt; margin-top: 18pt; }
  h2, h3, h2 + p { break-after: avoid; }
  p, tr, figure, section.whole, table.short, .figures div, .note { break-inside: avoid; }
  thead { display: table-header-group; }
  .curves { grid-template-columns: 1fr 1fr; }
  .wide { overflow: visible; }
  .confusion { break-inside: avoid; font-size: 9pt; }
  .confusion th, .confusion td { padding: 2pt 3pt; }
  .confusion tbody td { min-width: 0; }
  .figures dd { font-size: 14pt; }
  .mistakes { grid-template-columns: repeat(6, 1fr); gap: 8px; }
  .mistakes img { width: 66px; height: 66px; }
  footer { margin-top: 12pt; }
}
"""
