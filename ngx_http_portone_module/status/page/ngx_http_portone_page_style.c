
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_page.h"


/*
 * The policy allows the browser exactly this style, by its SHA-256 in base64:
 * change both together.  A test compares them and prints the right hash.
 */

const char  ngx_http_portone_page_style_policy[] =
    "default-src 'none'; "
    "style-src 'sha256-hV/wBAEtL2nao2GwsWpE7nBVFq2rvcCWB0JbtVbLDvo='; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";


const char  ngx_http_portone_page_style[] =
    ":root{color-scheme:light dark;"
    "--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;"
    "--ok:#116329;--ok-bg:#dafbe1;--attention:#6f4400;--attention-bg:#fff3bf;"
    "--broken:#8e0b20;--broken-bg:#ffe3e0;--link:#0550ae}\n"

    "@media (prefers-color-scheme:dark){:root{"
    "--bg:#0d1117;--fg:#e6edf3;--soft:#9ea7b3;--line:#3d444d;--card:#161b22;"
    "--ok:#7ee787;--ok-bg:#0f2a17;--attention:#f2cc60;--attention-bg:#2e2500;"
    "--broken:#ffa198;--broken-bg:#3c1113;--link:#79c0ff}}\n"

    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1rem;max-width:64rem;background:var(--bg);"
    "color:var(--fg);font:1rem/1.5 system-ui,\"Apple SD Gothic Neo\","
    "\"Malgun Gothic\",\"Noto Sans KR\",NanumGothic,sans-serif;"
    "word-break:keep-all;overflow-wrap:anywhere}\n"

    "header{display:flex;flex-wrap:wrap;gap:0 1.5rem;align-items:baseline;"
    "justify-content:space-between}\n"
    "h1{font-size:1.4rem;margin:0}\n"
    "h2{font-size:1.1rem;margin:0 0 .5rem}\n"
    "p,ul,ol,dl{margin:.5rem 0}\n"
    "header p,footer,small,.note{color:var(--soft);font-size:.875rem}\n"
    "a{color:var(--link)}\n"
    ":focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
    "main:focus{outline:none}\n"
    ".skip{position:absolute;left:-999rem}\n"
    ".skip:focus{position:static}\n"

    "section{margin:1.5rem 0}\n"
    ".health{border-left:.5rem solid;border-radius:.25rem;"
    "padding:.75rem 1rem}\n"
    ".health h2{margin:0}\n"
    ".health h2::before{display:inline-block;width:1.5em}\n"
    ".ok{color:var(--ok);background:var(--ok-bg)}\n"
    ".ok h2::before{content:\"\\2713\"}\n"
    ".attention{color:var(--attention);background:var(--attention-bg)}\n"
    ".attention h2::before{content:\"!\"}\n"
    ".broken{color:var(--broken);background:var(--broken-bg)}\n"
    ".broken h2::before{content:\"\\2715\"}\n"

    "dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));"
    "gap:.75rem}\n"
    "dl div{background:var(--card);border:1px solid var(--line);"
    "border-radius:.375rem;padding:.5rem .75rem}\n"
    "dt{color:var(--soft);font-size:.875rem}\n"
    "dd{margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums}\n"
    "dd.note{font-size:.875rem}\n"

    "table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{text-align:left;vertical-align:top;padding:.375rem .75rem "
    ".375rem 0;border-bottom:1px solid var(--line)}\n"
    "th{color:var(--soft);font-size:.875rem;font-weight:600;"
    "white-space:nowrap}\n"
    "code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,"
    "\"Liberation Mono\",monospace}\n"
    "small{display:block}\n"
    "meter{width:12rem;max-width:100%}\n"

    "@media (max-width:40rem){"
    "table,tbody,tr,td{display:block}"
    "thead{position:absolute;left:-999rem}"
    "tr{background:var(--card);border:1px solid var(--line);"
    "border-radius:.375rem;margin:.5rem 0;padding:.25rem .75rem}"
    "td{display:grid;grid-template-columns:7rem 1fr;gap:.5rem;"
    "border:0;padding:.25rem 0}"
    "td::before{content:attr(data-label);color:var(--soft);"
    "font-size:.875rem}"
    "td>*{grid-column:2}}\n";
