/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

/* One style sheet for screen (wide, narrow, light, dark) and paper. Nothing is loaded from anywhere. */
static const char *const sheet[] = {
    ":root{color-scheme:light dark;--page:#faf9f7;--card:#fff;--ink:#1d2125;--soft:#59616b;--line:#e4e1db;"
    "--accent:#1a6a86;--accent2:#a8560c;--history:#4a525b;--tint:#1a6a860d;--alert:#b3261e;--alertbg:#fdf4f2;"
    "--order:#7d5200;--orderbg:#fbf1dc;--fine:#2e6b3d;--best:#e3f1f5}",
    "@media(prefers-color-scheme:dark){:root{--page:#14171a;--card:#1b1f23;--ink:#e8eaed;--soft:#a4acb6;"
    "--line:#30363d;--accent:#6cc3e0;--accent2:#f0a45d;--history:#bcc4cd;--tint:#6cc3e012;--alert:#ff9188;"
    "--alertbg:#271e1f;--order:#f0c063;--orderbg:#352b17;--fine:#86cf98;--best:#173540}}",
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}",
    "body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,sans-serif;font-variant-numeric:tabular-nums}",
    "main,header,footer{max-width:1140px;margin:0 auto;padding:0 24px}header{padding-top:48px}",
    "h1{font-size:2rem;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.015em}"
    "h2{font-size:1.25rem;line-height:1.3;margin:0 0 4px;font-weight:650;letter-spacing:-.01em}"
    "h3{font-size:1rem;margin:0;font-weight:650;overflow-wrap:anywhere}",
    "p{margin:4px 0;max-width:76ch}.soft,caption,figcaption p,footer{color:var(--soft)}"
    "section{margin:48px 0 0}section>p{margin-bottom:16px}h2+.pair{margin-top:16px}"
    "footer{padding-top:40px;padding-bottom:48px;font-size:.875rem}",
    ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin:28px 0 0;padding:0;"
    "background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}"
    ".facts div{background:var(--card);padding:14px 18px}.facts dt{color:var(--soft);font-size:.875rem}"
    ".facts dd{margin:0;font-size:1.375rem;font-weight:600;line-height:1.3}.facts .alert dd{color:var(--alert)}",
    ".scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}"
    ".scroll:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}",
    "table{border-collapse:separate;border-spacing:0;width:100%;font-size:.9375rem}"
    "caption{text-align:left;padding:12px 11px 8px;font-size:.875rem}"
    "th,td{padding:8px 11px;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}"
    "thead th{font-weight:600;color:var(--soft);border-top:0;padding-top:2px;font-size:.8125rem;vertical-align:bottom}"
    "th:first-child,td:first-child,.left{text-align:left}tbody th{font-weight:600}",
    "tr>:first-child{position:sticky;left:0;background:var(--card)}th.long{white-space:normal;min-width:min(16em,44vw);"
    "overflow-wrap:anywhere}tr.alert>*{background:var(--alertbg)}"
    "tr.alert>:first-child{box-shadow:inset 4px 0 var(--alert)}",
    ".badge{display:inline-block;padding:1px 9px;border-radius:99px;font-size:.8125rem;font-weight:600;"
    "border:1px solid currentColor}.badge.now{color:var(--card);background:var(--alert);border-color:var(--alert)}"
    ".badge.out{color:var(--alert)}.badge.order{color:var(--order);background:var(--orderbg)}"
    ".badge.fine{color:var(--fine);border-color:transparent;padding-left:0}",
    "td.best{background:var(--best);font-weight:650}td.best::before{content:'\\2605\\00a0';font-size:.75em;"
    "color:var(--accent)}td.strong{font-weight:650}",
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:20px}"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 16px 10px;"
    "min-width:0}figcaption p{font-size:.875rem;margin:0}.nb{white-space:nowrap}"
    "figure svg{display:block;width:100%;height:auto;margin-top:6px}",
    ".legend{display:flex;flex-wrap:wrap;gap:4px 22px;list-style:none;padding:0;margin:0 0 16px;font-size:.875rem;"
    "color:var(--soft)}.legend svg{width:28px;height:14px;vertical-align:-2px;margin-right:7px}",
    "svg text{fill:var(--soft);font-size:12px}svg .grid{stroke:var(--line);stroke-width:1}"
    "svg .ahead{fill:var(--tint)}svg .origin{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}"
    "svg .b80{fill:var(--accent);fill-opacity:.2}svg .b50{fill:var(--accent);fill-opacity:.34}"
    "svg .history{fill:none;stroke:var(--history);stroke-width:1.3;stroke-linejoin:round}"
    "svg .beyond{fill:var(--history)}svg .median{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}"
    "svg .mean{fill:none;stroke:var(--accent2);stroke-width:1.7;stroke-dasharray:5 3;stroke-linejoin:round}"
    "svg .out{fill:var(--alert)}svg .more{fill:var(--accent)}svg .less{fill:var(--accent2)}",
    "details{margin-top:8px}summary{cursor:pointer;color:var(--accent);font-size:.875rem;padding:4px 0}"
    "figure details .scroll{border:0;max-height:320px;overflow-y:auto;border-radius:0}"
    "figure details table{font-size:.8125rem}figure details th,figure details td{padding:4px 8px}"
    "figure caption{padding:4px 8px}",
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));gap:20px;align-items:start}"
    ".pair tbody th{font-weight:400;color:var(--soft);white-space:normal}.pair .card td{white-space:normal;"
    "overflow-wrap:anywhere;text-align:left}.pair .card th{white-space:nowrap;vertical-align:top}"
    ".terms{font-size:.875rem;color:var(--soft);margin:12px 0 0;display:grid;"
    "grid-template-columns:max-content 1fr;gap:2px 14px}.terms dt{font-weight:600}.terms dd{margin:0}",
    "@media(max-width:640px){main,header,footer{padding-left:16px;padding-right:16px}header{padding-top:28px}"
    "h1{font-size:1.625rem}section{margin-top:36px}.facts{grid-template-columns:1fr 1fr}.facts div{padding:10px 14px}"
    ".facts dd{font-size:1.1875rem}.facts .wide{grid-column:1/-1}th,td{padding:8px 10px}figure{padding:12px 10px 6px}"
    "svg text{font-size:16px}.legend svg text{font-size:12px}}",
    "@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc}body{font-size:11pt}"
    "figure,tr,.facts{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible;border:0}caption{padding-left:0}"
    "table{font-size:8pt}th,td{padding:3px 5px}.facts dd{font-size:12pt}h1{font-size:18pt}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "figure details{display:none}main,header,footer{padding-left:0;padding-right:0}"
    ".charts{grid-template-columns:1fr 1fr}}",
};

void report_style(FILE *file)
{
    fputs("<style>\n", file);
    for (size_t i = 0; i < sizeof sheet / sizeof sheet[0]; i++) fprintf(file, "%s\n", sheet[i]);
    fputs("</style>\n", file);
}
